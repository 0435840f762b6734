// Gives the page its styles, and says that they are there: what is drawn before jumps when they come.
export default function ({ data, setStateValue }) {
  let style = document.getElementById("shopstream");
  if (!style) {
    style = document.createElement("style");
    style.id = "shopstream";
    document.head.append(style);
  }
  style.textContent = data.css;
  if (!data.there) setStateValue("there", true);
}
