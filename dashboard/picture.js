// Buttons that save the chart beside them as a picture, PNG or SVG, with its title and caption.
const SVG = "http://www.w3.org/2000/svg";
const EDGE = 24;

export default function ({ parentElement, data }) {
  for (const button of parentElement.querySelectorAll("button")) {
    const kind = button.textContent.trim();
    button.setAttribute("aria-label", `${kind} picture of ${data.name.replaceAll("-", " ")}`);
    const box = button.getRootNode().host.closest("[class*='st-key-box_']");
    button.onclick = () => save(box, data.name, kind);
  }
}

async function save(box, name, kind) {
  const plots = [...box.querySelectorAll(".stPlotlyChart .main-svg")];
  const { width, height } = plots[0].getBoundingClientRect();
  const ink = getComputedStyle(box.querySelector("h2")).color;
  const build = document.querySelector(".st-key-build").textContent;
  const title = lines(box.querySelector("h2").textContent, width / 9, 18, "bold", ink);
  const words = box.querySelector(".stCaption, [data-testid=stCaptionContainer]").textContent;
  const caption = lines(`${words} · shopstream, ${build}`, width / 6, 12, "normal", ink);

  const whole = document.createElementNS(SVG, "svg");
  const size = { width: width + 2 * EDGE, height: title.height + height + caption.height + 4 * EDGE };
  for (const [key, value] of Object.entries(size)) whole.setAttribute(key, value);
  const ground = document.createElementNS(SVG, "rect");
  ground.setAttribute("width", "100%");
  ground.setAttribute("height", "100%");
  ground.setAttribute("fill", getComputedStyle(document.querySelector(".stApp")).backgroundColor);
  whole.append(ground, place(title.text, EDGE));
  for (const plot of plots) {
    const copy = plot.cloneNode(true);
    // The page's font is not in a picture, and another may be wider; nor are its styles.
    copy.style.overflow = "visible";
    for (const part of copy.querySelectorAll(".legend *")) part.removeAttribute("clip-path");
    const written = plot.querySelectorAll("text");
    copy.querySelectorAll("text").forEach((text, n) => {
      text.style.fill = getComputedStyle(written[n]).fill;
    });
    whole.append(place(copy, title.height + 2 * EDGE));
  }
  whole.append(place(caption.text, title.height + height + 3 * EDGE));

  const drawing = new Blob([new XMLSerializer().serializeToString(whole)], { type: "image/svg+xml" });
  const address = URL.createObjectURL(drawing);
  if (kind === "SVG") download(address, `${name}.svg`);
  else download(await png(address, size), `${name}.png`);
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

// The drawing in so many dots that it is sharp on paper.
async function png(address, size) {
  const picture = new Image();
  picture.src = address;
  await picture.decode();
  const canvas = document.createElement("canvas");
  canvas.width = 2 * size.width;
  canvas.height = 2 * size.height;
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/png");
}

function download(address, name) {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}

// A drawing at the left edge, so far from the top.
function place(drawing, top) {
  const group = document.createElementNS(SVG, "g");
  group.setAttribute("transform", `translate(${EDGE}, ${top})`);
  group.append(drawing);
  return group;
}

// Text in lines of at most so many signs, as SVG, and how high it is.
function lines(words, signs, size, weight, ink) {
  const rows = [""];
  for (const word of words.trim().split(/\s+/)) {
    if (rows.at(-1).length + word.length > signs) rows.push("");
    rows[rows.length - 1] += `${word} `;
  }
  const text = document.createElementNS(SVG, "text");
  text.setAttribute("style", `font: ${weight} ${size}px sans-serif; fill: ${ink}`);
  rows.forEach((row, place) => {
    const line = document.createElementNS(SVG, "tspan");
    line.setAttribute("x", 0);
    line.setAttribute("y", (place + 1) * size * 1.3);
    line.textContent = row;
    text.append(line);
  });
  return { text, height: rows.length * size * 1.3 };
}
