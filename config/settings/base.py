"""Settings that every environment shares. What differs stands in local, test and production."""

from pathlib import Path
from typing import Any

from celery.schedules import crontab
from django.contrib.messages import constants as message_levels

from config.channels import PROVIDERS
from core.common.networks import Network

BASE_DIR = Path(__file__).resolve().parent.parent.parent

# --- Apps: shared schema and contract schema (docs/design.md, section 3) -------------------------
SHARED_APPS = [
    "tenants",  # before the library, whose commands of the same names it replaces
    "django_tenants",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "rest_framework",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "django_htmx",
    "core.common",
    "core.audit",
    "core.ui",
    "core.notifications",
    "core.accounts",
    "core.mfa",
    "core.staff",
    "core.webhooks",
    "core.groups",
    "contracts.registration",
    "contracts.legacy",
    "contracts.directory",
    "contracts.disputes",
    "contracts.console",
    "contracts.api",
    "drf_spectacular",
]
TENANT_APPS = [
    "tenants.identity",
    "contracts.roster",
    "contracts.evidence",
]
INSTALLED_APPS = [*SHARED_APPS, *TENANT_APPS]

TENANT_MODEL = "tenants.Contract"
TENANT_DOMAIN_MODEL = "tenants.Host"
TENANT_SYNC_ROUTER = "tenants.database_router.SchemaRouter"
DATABASE_ROUTERS = [TENANT_SYNC_ROUTER]

# --- Requests -------------------------------------------------------------------------------------
MIDDLEWARE = [
    "config.middleware.RequestIdMiddleware",
    "config.middleware.DatabaseTroubleMiddleware",
    "config.middleware.SecurityHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    # Behind what puts headers on answers: what it refuses has them, too.
    "config.middleware.OddRequestMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "tenants.middleware.ContractMiddleware",
    # Before all that reads or writes a session: both know nobody.
    "tenants.brand_middleware.BrandMiddleware",
    "contracts.console.previewing.middleware.PreviewMiddleware",
    "core.accounts.middleware.PortalSessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "core.accounts.middleware.PortalAuthenticationMiddleware",
    "core.accounts.middleware.SessionGuardMiddleware",
    "core.accounts.refusing.RefusalMiddleware",
    "core.mfa.middleware.BrowserCookieMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "core.ui.middleware.QuietBackgroundMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "core.ui.middleware.MethodPageMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = True

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["core.ui.templatetags.addresses", "core.ui.templatetags.layouts"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tenants.context_processors.site",
            ],
        },
    }
]
FORM_RENDERER = "core.ui.forms.PortalFormRenderer"

# --- Data -----------------------------------------------------------------------------------------
# A request is not a transaction: a refusal that counts must commit. Services open their own.
ATOMIC_REQUESTS = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SESSION_ENGINE = "core.accounts.sessions.store"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
MESSAGE_STORAGE = "core.ui.messages.PortalMessages"
CSRF_FAILURE_VIEW = "core.ui.views.csrf_failure"
MESSAGE_TAGS = {message_levels.INFO: "", message_levels.WARNING: "warn"}  # the design system's
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
# A section of a draft with 100 terms or contacts of 9 fields each, the largest form that there is
# (tests/unit/console/test_sections.py). A table of roles (core/groups/grid.py) sends 300.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1_000
# The whole body of a request: a file of new users (core/groups/forms.py) and what is around it.
PORTAL_LARGEST_BODY = 4_000_000
# A roster file, as it is sent and as what it inflates to; own figures: a million rows have some
# 200 MB. Where it is sent in one request, that body may be so large.
PORTAL_LARGE_BODY = r"/staff/contracts/[a-z0-9-]+/roster/upload/"
PORTAL_LARGEST_ROSTER = 500_000_000
PORTAL_LARGEST_ROSTER_INFLATED = 1_500_000_000

# --- People ---------------------------------------------------------------------------------------
AUTH_USER_MODEL = "core_accounts.User"
AUTHENTICATION_BACKENDS = ["core.accounts.signing_in.backends.EmailBackend"]
PASSWORD_HASHERS = [
    "core.accounts.passwords.hashers.PortalArgon2Hasher",
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
]
LOGIN_URL = "login_options"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login_options"
ACCOUNT_ADAPTER = "core.accounts.signing_in.adapter.PortalAccountAdapter"
# Identity providers of staff come from the deployment's document.
SOCIALACCOUNT_ADAPTER = "core.staff.oidc.adapter.StaffSocialAdapter"
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5
SOCIALACCOUNT_STORE_TOKENS = False
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
# Codes, counters and locks are ours and live in the database; see core.mfa and core.accounts.
ACCOUNT_RATE_LIMITS: bool = False
# Stages of a sign-in after the password, in order (read by core.accounts.signing_in.adapter).
PORTAL_LOGIN_STAGES = [
    "core.mfa.stages.MfaRegistrationStage",
    "core.mfa.stages.ChallengeStage",
    "core.accounts.signing_in.stages.ReactivationStage",
    "contracts.registration.stages.TermsStage",
    "core.mfa.stages.RememberStage",
]

# --- Language and time ----------------------------------------------------------------------------
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

# --- Files ----------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- Celery: contract context is carried by the tasks' own classes (tenants.celery) ---------------
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A publish must fail fast when the broker is away: the sweeper delivers what was not announced.
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 1, "socket_timeout": 5}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "deliver what waits in the outbox": {
        "task": "core.notifications.tasks.sweep_outbox",
        "schedule": 5.0,
    },
    "send what is due to webhooks and SIEM streams": {
        "task": "core.webhooks.tasks.deliver",
        "schedule": 2.0,
    },
    "forget deliveries that nobody replays any more": {
        "task": "core.webhooks.tasks.tidy",
        "schedule": 3600.0,
    },
    "read what was entered in calls": {
        "task": "core.notifications.tasks.look_at_calls",
        "schedule": 2.0,
    },
    "forget sessions that have ended": {
        "task": "core.accounts.tasks.clear_ended_sessions",
        "schedule": 3600.0,
    },
    "warn about accounts that nobody uses, and close them": {
        "task": "core.accounts.tasks.watch_unused_accounts",
        "schedule": crontab(minute="10"),  # every hour: days begin at other times elsewhere
    },
    "forget codes, counts and messages that nobody needs any more": {
        "task": "core.mfa.tasks.purge",
        "schedule": 3600.0,
    },
    "seal anew what older keys sealed": {
        "task": "core.mfa.tasks.reseal_secrets",
        "schedule": crontab(hour="9", minute="0"),  # UTC: night in every state served
    },
    "forget answers of the API that nobody may ask for again": {
        "task": "contracts.api.tasks.tidy",
        "schedule": 3600.0,
    },
    "end staff roles whose time is over": {
        "task": "core.staff.tasks.tidy",
        "schedule": 3600.0,
    },
    "forget invitations that ended long ago": {
        "task": "core.groups.tasks.tidy",
        "schedule": 3600.0,
    },
    "tell admins which roles are to be confirmed, and end what nobody confirmed": {
        "task": "core.groups.tasks.review_access",
        "schedule": crontab(minute="20"),  # every hour: days begin at other times elsewhere
    },
    "send the weekly mails": {
        "task": "core.groups.tasks.send_weekly_mails",
        "schedule": crontab(minute="5"),  # every hour: mornings begin at other times elsewhere
    },
    "go on with invitations whose worker was lost": {
        "task": "core.groups.tasks.take_up_batches",
        "schedule": 60.0,
    },
    "release registrations whose reservation ended": {
        "task": "contracts.registration.tasks.release_expired",
        "schedule": 60.0,
    },
    "forget disputes that were decided long ago": {
        "task": "contracts.disputes.tasks.purge",
        "schedule": 3600.0,
    },
    "suspend, close and resume contracts at their time": {
        "task": "contracts.console.tasks.change_states",
        "schedule": 60.0,
    },
    "tell the owners of waivers that end": {
        "task": "contracts.console.tasks.announce_waivers",
        "schedule": crontab(hour="14", minute="0"),  # UTC: morning in every state served
    },
    "publish what is due, and go on where a worker was lost": {
        "task": "contracts.console.tasks.publish_due",
        "schedule": 30.0,
    },
    "go on with data exports whose worker was lost": {
        "task": "contracts.console.tasks.take_up_exports",
        "schedule": 60.0,
    },
    "ask whether hosts lead here and senders are verified": {
        "task": "contracts.console.tasks.check_reachability",
        "schedule": 300.0,
    },
    "keep the figures of the day that has ended": {
        "task": "contracts.console.tasks.keep_daily_figures",
        "schedule": crontab(hour="9", minute="30"),  # UTC: night in every state served
    },
    "forget drafts that nobody saves any more": {
        "task": "contracts.console.tasks.forget_drafts",
        "schedule": 3600.0,
    },
    "go on with roster files whose worker was lost": {
        "task": "contracts.roster.tasks.take_up_uploads",
        "schedule": 30.0,
    },
    "tell of providers that left their roster, and suspend them": {
        "task": "contracts.roster.tasks.watch",
        "schedule": crontab(minute="40"),  # every hour: days begin at other times elsewhere
    },
    "find registrants by the rule that is in force": {
        "task": "contracts.roster.tasks.renew_indexes",
        "schedule": crontab(minute="25"),
    },
    "go on with codes and letters whose worker was lost": {
        "task": "contracts.roster.tasks.take_up_mailings",
        "schedule": 60.0,
    },
    "forget roster files that nobody needs any more": {
        "task": "contracts.roster.tasks.purge",
        "schedule": 3600.0,
    },
    "see that each contract's data is where it belongs": {
        "task": "tenants.identity.tasks.compare_identities",
        "schedule": crontab(hour="8", minute="0"),  # UTC: night in every state served
    },
}

# --- The portal's own -----------------------------------------------------------------------------
PORTAL_LOCAL_HOSTS = False
PORTAL_PUBLIC_SCHEME = "https"
PORTAL_PUBLIC_PORT: int | None = None
# Whether links wait until a contract's own host is known to lead here (adr/0038). Where workers
# cannot ask hosts from within, every host counts as ready.
PORTAL_LINKS_WAIT_FOR_HOSTS = True
# Networks that hosts may lead to although they are not public: a load balancer inside, perhaps.
PORTAL_HOST_NETWORKS: tuple[Network, ...] = ()
# Networks inside to which streams to a SIEM may go; webhooks go to public addresses alone.
PORTAL_WEBHOOK_NETWORKS: tuple[Network, ...] = ()
# The domain of passkeys that all hosts share; while it is empty, the primary portal host.
PORTAL_PASSKEY_DOMAIN = ""
# The application's login to the database, which the release gives its rights.
PORTAL_APPLICATION_ROLE = "portal_app"
# Whether a process listens for what others publish; tests tell it themselves.
PORTAL_WATCH_REGISTRY = True
# Hashes of passwords that nobody may choose: what set-up fetches, and a list of the deployment's
# own in the form of the public Pwned Passwords (docs/howto/block-breached-passwords.md).
PORTAL_COMMON_PASSWORDS = BASE_DIR / "core/accounts/passwords/vendor/common-passwords.txt"
PORTAL_BREACHED_PASSWORDS = ""
# Where the heads of the audit's chains are kept: a bucket with Object Lock, else a folder.
AUDIT_HEADS_BUCKET = ""
AUDIT_HEADS_FOLDER = ""
# Days after which a draft that nobody saves any more is deleted. Own figure: a quarter of a year.
PORTAL_DRAFT_DAYS = 90
# How long a password waits for its turn to be hashed (core/accounts/passwords/hashers.py). Own
# figure: whoever would wait for longer is asked to come again.
PORTAL_HASH_PATIENCE_SECONDS = 5.0
# Networks whose forwarded headers count; from all others they are dropped.
PORTAL_TRUSTED_PROXIES: tuple[Network, ...] = ()
# Which channel speaks to which provider; the deployment's document names the provider. What stands
# in PORTAL_CHANNELS ("email", "sms", "voice") is used in its place.
PORTAL_PROVIDERS = PROVIDERS
PORTAL_CHANNELS: dict[str, str] = {}
# What Amazon's channels need; production reads them from the environment.
AWS_REGION = "us-east-1"
AWS_SMS_ORIGINATION = ""
AWS_CONNECT_INSTANCE_ID = ""
AWS_CONNECT_CONTACT_FLOW_ID = ""
AWS_CONNECT_SOURCE_NUMBER = ""
AWS_SES_CONFIGURATION_SET = ""
AWS_SMS_CONFIGURATION_SET = ""
# Topics of Amazon SNS whose notifications are believed; all others are refused.
AWS_EVENT_TOPICS: tuple[str, ...] = ()
# The mail server, where mail goes by SMTP; STARTTLS is required.
SMTP_HOST = ""
SMTP_PORT = 587
SMTP_USER = ""
SMTP_PASSWORD = ""
SMTP_CA_FILE = ""
# What the voice provider signs its reports with; while it is empty every report is refused.
PORTAL_VOICE_CALLBACK_SECRET = ""

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SILENCED_SYSTEM_CHECKS = [
    "auth.W004",  # unique without case, by a constraint on lower(email)
]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
    "DEFAULT_SCHEMA_CLASS": "contracts.api.schema.ApiSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Provider portal API",
    "DESCRIPTION": (
        "For a state's own systems: contracts and their configuration, rosters, codes, accounts, "
        "groups and the audit trail, over the same services as the pages of staff."
    ),
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "ENUM_NAME_OVERRIDES": {},
    "APPEND_COMPONENTS": {
        "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
    },
    "ENABLE_DJANGO_DEPLOY_CHECK": False,
    "DISABLE_ERRORS_AND_WARNINGS": False,
    "DEFAULT_GENERATOR_CLASS": "drf_spectacular.generators.SchemaGenerator",
    "POSTPROCESSING_HOOKS": [],
}
