"""The local servers by hand: `python -m config.embedded start|stop|status`."""

import argparse
import sys

from config import embedded


def main() -> int:
    """Start, stop or describe the servers. Return 0, or 1 when they do not run or start."""
    parser = argparse.ArgumentParser(prog="python -m config.embedded", description=__doc__)
    parser.add_argument("command", choices=["start", "stop", "status"])
    command = parser.parse_args().command
    say = sys.stdout.write
    if command == "stop":
        say("Stopped.\n" if embedded.stop() else "Nothing runs.\n")
        return 0
    if command == "start":
        try:
            embedded.pin()
        except embedded.EmbeddedServerError as error:
            sys.stderr.write(f"{error}\n")
            return 1
    running = embedded.status()
    if running is None:
        say("Nothing runs.\n")
        return 1
    for name, pid in sorted(running["servers"].items()):
        say(f"{name} runs as process {pid}\n")
    urls = embedded.addresses()
    say(f"DATABASE_URL={urls.application_url}\nDATABASE_OWNER_URL={urls.owner_url}\n")
    say(f"REDIS_URL={urls.redis_url}\nCELERY_BROKER_URL={urls.broker_url}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
