"""Addresses of the site's own parts."""

from django.urls import path, register_converter

from tenants import views


class DigestConverter:
    """Sixteen hexadecimal digits."""

    regex = "[0-9a-f]{16}"

    def to_python(self, value: str) -> str:
        """Return the digits."""
        return value

    def to_url(self, value: str) -> str:
        """Return the digits."""
        return value


class NumberConverter(DigestConverter):
    """Thirty-two hexadecimal digits."""

    regex = "[0-9a-f]{32}"


class ImageConverter(DigestConverter):
    """A SHA-256 in hexadecimal."""

    regex = "[0-9a-f]{64}"


class ColorConverter(DigestConverter):
    """A colour without its #."""

    regex = "[0-9a-f]{6}"


register_converter(DigestConverter, "digest")
register_converter(NumberConverter, "number")
register_converter(ImageConverter, "image")
register_converter(ColorConverter, "color")

app_name = "tenants"
urlpatterns = [
    path("brand/<digest:digest>.css", views.brand_css, name="brand_css"),
    path("brand/<image:digest>.png", views.logo, name="logo"),
    path("brand/preview/<color:color>.css", views.preview_css, name="preview_css"),
    path("schemas/contract.json", views.contract_schema_json, name="contract_schema"),
    path(
        ".well-known/portal-identity/<number:number>",
        views.portal_identity,
        name="portal_identity",
    ),
]
