"""A Django site with the OAuth2 toolkit: run by the servers' interpreter, told what to do by one JSON argument.

`prepare` makes the database: the toolkit's own tables, one confidential client, and the rows that the site serves.
`serve` gives tokens at `/o/token/` and pages of the rows at `/api/dossiers`, to whom the toolkit lets in.
"""

import json
import sys
import time
from pathlib import Path

import django
from django.conf import settings
from django.core.paginator import EmptyPage, Paginator
from django.http import JsonResponse
from django.urls import include, path
from django.utils import timezone

TOLD = json.loads(sys.argv[1])
SCOPES = {"dossiers.read": "counts of dossiers", "staff.read": "staff"}

settings.configure(
    SECRET_KEY="of a server that lives for one test",
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": TOLD["database"]}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "oauth2_provider"],
    MIDDLEWARE=["__main__.watch"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    OAUTH2_PROVIDER={"SCOPES": SCOPES, "ACCESS_TOKEN_EXPIRE_SECONDS": TOLD.get("token_seconds", 300)},
)
django.setup()

from django.core.management import call_command  # noqa: E402
from django.core.servers.basehttp import run  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection  # noqa: E402
from oauth2_provider.decorators import protected_resource  # noqa: E402
from oauth2_provider.models import AccessToken, Application  # noqa: E402


def watch(get_response):
    """Write down every request with its status; on the pages of `ends_before`, once each, end all tokens first."""
    ending = set(TOLD.get("ends_before", ()))

    def respond(request):
        page = request.GET.get("page", "")
        if page in ending:
            ending.discard(page)
            end_of_tokens()
        response = get_response(request)
        line = {"path": request.path, "page": page, "status": response.status_code}
        with Path(TOLD["log"]).open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")
        return response

    return respond


def end_of_tokens():
    """By waiting until the last one has expired, or as an administrator does it: at once."""
    if TOLD.get("by_waiting"):
        while AccessToken.objects.filter(expires__gt=timezone.now()).exists():
            time.sleep(0.05)
    else:
        AccessToken.objects.update(expires=timezone.now())


# `challenge`: 401 to a token that is no longer good (RFC 6750); without it the toolkit's decorator answers 403.
@protected_resource(scopes=["dossiers.read"], advertise_metadata=TOLD.get("challenge", True))
def dossiers(request):
    with connection.cursor() as cursor:
        cursor.execute("select code, name, received, finished, applicant from dossiers order by id")
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    pages = Paginator(rows, int(request.GET.get("page_size", 5)))
    try:
        page = pages.page(int(request.GET.get("page", 1)))
    except EmptyPage:
        return JsonResponse({"detail": "Invalid page."}, status=404)
    following = None
    if page.has_next():
        query = request.GET.copy()
        query["page"] = page.next_page_number()
        following = request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
    return JsonResponse({"count": pages.count, "next": following, "results": page.object_list})


urlpatterns = [path("o/", include("oauth2_provider.urls")), path("api/dossiers", dossiers)]


def prepare():
    call_command("migrate", verbosity=0)
    Application.objects.create(
        name="dti",
        client_id=TOLD["client_id"],
        client_secret=TOLD["client_secret"],
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "create table dossiers (id integer primary key, code text, name text, received integer, finished integer,"
            " applicant text)"
        )
        insert = "insert into dossiers (code, name, received, finished, applicant) values (%s, %s, %s, %s, %s)"
        cursor.executemany(insert, TOLD["rows"])


if TOLD["do"] == "prepare":
    prepare()
else:
    run("127.0.0.1", TOLD["port"], get_wsgi_application(), threading=True)
