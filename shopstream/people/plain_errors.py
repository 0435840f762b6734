"""How commands begin and end: with a log, and with a plain sentence where they can't go on."""

import io
import logging
import sys

import click

from shopstream.config import Settings, check_environment
from shopstream.errors import SettingsError, ShopstreamError
from shopstream.plain import PlainFormatter, plain_lines
from shopstream.stopping import Stopped, heed_signals, raise_if_stopped

# Exit code of what could not start, or met an environment in which it can't be done.
CAN_NOT = 2
RUN = "shopstream.run"


class PlainErrors(click.Group):
    """Shows expected errors as one plain sentence, without a traceback."""

    def resolve_command(self, context: click.Context, args: list[str]):
        """As click does; what is run is kept for the table of operations."""
        found = super().resolve_command(context, args)
        context.meta[RUN] = found[0], [*found[2]]
        return found

    def invoke(self, context: click.Context):
        """Run the subcommand, and note who did so where it publishes or deletes."""
        code = 0
        try:
            return self.invoke_plainly(context)
        except SystemExit as ended:
            code = ended.code or 0
            raise
        except click.ClickException as error:
            code = error.exit_code
            raise
        finally:
            if context.obj and RUN in context.meta:
                from shopstream.warehouse import operations

                operations.note(context.obj.warehouse, *context.meta[RUN], code)

    def invoke_plainly(self, context: click.Context):
        """Run the subcommand; expected errors become a message and exit code 2."""
        from deltalake.exceptions import DeltaError
        from duckdb import Error as SqlError

        heed_signals()
        try:
            try:
                return super().invoke(context)
            except Exception:
                raise_if_stopped()
                raise
        except BrokenPipeError:  # whoever reads had enough, such as head; click knows
            raise
        except Stopped as stopped:
            click.echo(
                f"shopstream: {stopped}; what was under way is done by the next run", err=True
            )
            sys.exit(stopped.exit_code)
        # OSError: a disk that is full, a folder that may not be written.
        except (ShopstreamError, SqlError, DeltaError, OSError) as error:
            logging.getLogger(__name__).exception("stopped")
            click.echo(f"shopstream: {plain_lines(str(error))}", err=True)
            sys.exit(CAN_NOT)
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except Exception as error:  # a fault of ours: 1 is for models and tests
            log = Settings.from_environment().logs / "shopstream.log"
            logging.getLogger(__name__).exception("unexpected")
            click.echo(
                f"shopstream: unexpected {type(error).__name__}: {plain_lines(str(error))} "
                f"({log} has more)",
                err=True,
            )
            sys.exit(CAN_NOT)


def prepare(context: click.Context) -> Settings:
    """The settings, which subcommands are given; what is logged goes to the folder of logs."""
    for stream in (sys.stdout, sys.stderr):
        # A file's name may hold what the terminal's encoding has no character for.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    settings = Settings.from_environment()
    try:
        settings.logs.mkdir(parents=True, exist_ok=True)
        logging.basicConfig(filename=settings.logs / "shopstream.log", level=logging.INFO)
        for handler in logging.getLogger().handlers:
            handler.setFormatter(PlainFormatter(logging.BASIC_FORMAT))
    except OSError as error:
        logging.basicConfig(handlers=[logging.NullHandler()])
        raise SettingsError(
            f"SHOPSTREAM_LOGS is {settings.logs}, where no log can be written ({error.strerror})"
        ) from None
    check_environment()
    context.obj = settings
    return settings
