"""The channels that carry for each provider that the deployment's document may name."""

from typing import Final

PROVIDERS: Final = {
    "amazon_ses": "core.notifications.channels.aws.SimpleEmailService",
    "smtp": "core.notifications.channels.smtp.MailServer",
    "aws_end_user_messaging": "core.notifications.channels.aws.EndUserMessaging",
    "amazon_sns": "core.notifications.channels.aws.SimpleNotificationTexts",
    "amazon_connect": "core.notifications.channels.aws.ConnectCalls",
}
