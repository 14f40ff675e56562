"""The table of images that documents name."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Length

from tenants.logos.encoding import HIGHEST, LARGEST_LOGO, LEAST_SIDE, WIDEST

_HEX_SHA256 = models.Func(
    models.Func(models.F("content"), function="sha256"),
    models.Value("hex"),
    function="encode",
    output_field=models.TextField(),
)


class LogoImage(models.Model):
    """A logo under the digest of its content, which the database holds it to. It never changes.

    It belongs to nobody: documents name it. `stored_at` is when somebody last uploaded it; what no
    document names goes some days after that.
    """

    digest = models.CharField(max_length=64, primary_key=True)
    content = models.BinaryField()
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()
    stored_at = models.DateTimeField()

    class Meta:
        app_label = "tenants"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(digest=_HEX_SHA256), name="logo_image_is_under_its_digest"
            ),
            models.CheckConstraint(
                condition=models.Q(models.lookups.LessThanOrEqual(Length("content"), LARGEST_LOGO)),
                name="logo_image_bytes",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    width__range=(LEAST_SIDE, WIDEST), height__range=(LEAST_SIDE, HIGHEST)
                ),
                name="logo_image_size",
            ),
        ]

    def __str__(self) -> str:
        return self.digest
