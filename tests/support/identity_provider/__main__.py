"""`python -m tests.support.identity_provider PORT`: make its database and people, and serve."""

import json
import os
import sys
from functools import lru_cache
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.support.identity_provider.settings")
django.setup()

from allauth.account.models import EmailAddress  # noqa: E402
from allauth.core.internal import jwkkit  # noqa: E402
from allauth.idp.oidc.models import Client  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402

from tests.support.identity_provider.settings import FOLDER  # noqa: E402


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def prepare() -> None:
    """Make tables, the client and the people that the start file names."""
    call_command("migrate", verbosity=0)
    start = json.loads((FOLDER / "start.json").read_text())
    client = Client(id=start["client_id"], name="Portal", skip_consent=True)
    client.set_secret(start["secret"])
    client.set_redirect_uris(start["redirect_uris"])
    client.set_scopes(["openid", "profile", "email"])
    client.set_default_scopes(["openid", "profile", "email"])
    client.save()
    for email, names in start["people"].items():
        user = User.objects.create_user(
            username=email.partition("@")[0],
            email=email,
            password=start["password"],
            first_name=names[0],
            last_name=names[1],
        )
        EmailAddress.objects.create(user_id=str(user.pk), email=email, verified=True, primary=True)


if __name__ == "__main__":
    # Its one key is else examined anew for each token and each look at its keys: more than half
    # of all that this process does.
    jwkkit.load_pem = lru_cache(jwkkit.load_pem)
    prepare()
    application = get_wsgi_application()
    server = make_server(
        "127.0.0.1", int(sys.argv[1]), application, server_class=Server, handler_class=Quiet
    )
    server.serve_forever()
