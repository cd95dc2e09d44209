//! Channel: a way in which an app can be told.

use serde::{Deserialize, Serialize};

use crate::domain::client::ClientSettings;
use crate::domain::signout::Reason;

/// How an app can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::enum_variant_names,
    reason = "back-channel is what the standard calls it"
)]
pub enum Channel {
    /// OpenID Connect Back-Channel Logout 1.0.
    BackChannel,
    /// The command to revoke everything of a user (draft-parecki-oauth-global-token-revocation-06).
    GlobalRevocation,
    /// A signed message in JSON.
    Webhook,
    /// A security event that the server sends (SSF 1.0, RFC 8935).
    SsfPush,
    /// A security event that the app fetches (SSF 1.0, RFC 8936).
    SsfPoll,
    /// Not at all.
    None,
}

impl Channel {
    /// Its name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Channel::BackChannel => "back-channel",
            Channel::GlobalRevocation => "global-revocation",
            Channel::Webhook => "webhook",
            Channel::SsfPush => "ssf-push",
            Channel::SsfPoll => "ssf-poll",
            Channel::None => "none",
        }
    }

    /// What people read.
    pub fn words(self) -> &'static str {
        match self {
            Channel::BackChannel => "Back-channel sign-out",
            Channel::GlobalRevocation => "Global token revocation",
            Channel::Webhook => "Webhook",
            Channel::SsfPush => "Security event, sent",
            Channel::SsfPoll => "Security event, to be fetched",
            Channel::None => "Takes no messages",
        }
    }

    /// The byte that stands for it in a key of the store.
    pub fn byte(self) -> u8 {
        match self {
            Channel::BackChannel => 1,
            Channel::GlobalRevocation => 2,
            Channel::Webhook => 3,
            Channel::SsfPush => 4,
            Channel::SsfPoll => 5,
            Channel::None => 0,
        }
    }

    /// Every channel that a notice can go through.
    pub const TOLD: [Channel; 5] = [
        Channel::BackChannel,
        Channel::GlobalRevocation,
        Channel::Webhook,
        Channel::SsfPush,
        Channel::SsfPoll,
    ];

    /// The channel with this name in the API.
    pub fn parse(name: &str) -> Option<Channel> {
        Channel::TOLD.into_iter().find(|c| c.as_str() == name)
    }

    /// The channel that this byte of a key stands for.
    pub fn of_byte(byte: u8) -> Option<Channel> {
        Channel::TOLD.into_iter().find(|c| c.byte() == byte)
    }

    /// The channels of its own that an app has for an act of this reason. Empty when it has none, or wants none for who
    /// ends it. What it hears through an event stream is `ssf`'s to say.
    /// `whole` says that everything of the user ends: only then may an app be told to revoke everything of theirs.
    pub fn of(settings: &ClientSettings, reason: Reason, whole: bool) -> Vec<Channel> {
        let mut channels = Vec::new();
        if !reason.tells_apps() {
            return channels;
        }
        if settings.backchannel_logout_uri.is_some()
            && settings
                .backchannel_logout_initiators
                .contains(&reason.initiator())
        {
            channels.push(Channel::BackChannel);
        }
        if settings.global_token_revocation_endpoint.is_some() && whole {
            channels.push(Channel::GlobalRevocation);
        }
        if settings.webhook_uri.is_some() {
            channels.push(Channel::Webhook);
        }
        channels
    }
}
