"""Where the API stands: the table that its OpenAPI document is made from."""

from django.urls import include, path

urlpatterns = [path("api/v1/", include("contracts.api.urls"))]
