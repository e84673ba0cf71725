//! Messages to a person's telephone or mailbox: what they say, and the port they leave by.
//!
//! A message is sent once. A second copy of a code is worse than none: people would learn that codes
//! come unasked.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use identity_core::subject::Profile;
use identity_core::time::{Entropy, random_bytes};
use identity_core::transaction::in_groups;
use identity_core::{AuthenticatorKind, Timestamp, TransactionDetails};
use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::refusal::Fault;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Sms,
    Email,
}

impl Channel {
    pub const ALL: [Self; 2] = [Self::Sms, Self::Email];

    /// What a code by this channel is an authenticator of.
    pub const fn kind(self) -> AuthenticatorKind {
        match self {
            Self::Sms => AuthenticatorKind::SmsCode,
            Self::Email => AuthenticatorKind::EmailCode,
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Email => "email",
        }
    }

    /// Where this person is reached: what the profile says now, never what somebody typed.
    pub fn address_of(self, profile: &Profile) -> Option<&str> {
        match self {
            Self::Sms => profile.phone.as_ref().map(|phone| phone.value.as_str()),
            Self::Email => profile.email.as_ref().map(|email| email.value.as_str()),
        }
    }
}

/// Six random digits. They are a secret: they do not print.
#[derive(Clone)]
pub struct MessageCode(String);

impl MessageCode {
    pub fn generate(entropy: &dyn Entropy) -> Self {
        // Of 2^64 values a million leaves a rest that nobody can measure.
        let number = u64::from_be_bytes(random_bytes(entropy)) % 1_000_000;
        Self(format!("{number:06}"))
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// What a message is about. Only the kinds here can be sent.
#[derive(Clone, Copy)]
pub enum Matter<'a> {
    /// `party`: as people call it; `None` on the citizen's own pages.
    LogIn {
        code: &'a MessageCode,
        party: Option<&'a str>,
    },
    /// To agree to one transaction.
    Confirm {
        code: &'a MessageCode,
        party: &'a str,
        details: &'a TransactionDetails,
    },
    Bind {
        code: &'a MessageCode,
    },
    Recover {
        code: &'a MessageCode,
    },
    /// Somebody set a new password without logging in.
    Recovered,
    PasswordChanged,
    /// A way to log in came to the account.
    Added(AuthenticatorKind),
    /// The citizen's app went to another telephone, and the earlier one opens nothing any more.
    DeviceMoved,
}

impl Matter<'_> {
    /// In Vietnamese, whatever the pages speak: it is read on another device, perhaps by somebody else.
    /// Says what the code is for, so that who was talked into reading it out notices (ATK-104).
    fn text(self) -> String {
        const NOBODY: &str = "Có hiệu lực 10 phút. Không đưa mã này cho bất kỳ ai.";
        const NOT_YOU: &str = "Nếu không phải bạn, hãy báo ngay công an cấp xã để khóa tài khoản.";
        match self {
            Self::LogIn { code, party: Some(party) } => {
                format!("{} là mã vneid để đăng nhập {party}. {NOBODY}", code.expose())
            }
            Self::LogIn { code, party: None } => {
                format!("{} là mã vneid để đăng nhập trang của bạn. {NOBODY}", code.expose())
            }
            Self::Confirm { code, party, details } => {
                let TransactionDetails { reference, .. } = details;
                let amount = in_groups(details.amount, '.');
                format!(
                    "{} là mã vneid để đồng ý giao dịch {amount} đồng, mã {reference}, tại {party}. {NOBODY}",
                    code.expose()
                )
            }
            Self::Bind { code } => {
                format!("{} là mã vneid để xác nhận nơi nhận mã. {NOBODY}", code.expose())
            }
            Self::Recover { code } => {
                format!("{} là mã vneid để đặt lại mật khẩu. {NOBODY}", code.expose())
            }
            Self::Recovered => format!("Mật khẩu vneid của bạn vừa được đặt lại. {NOT_YOU}"),
            Self::PasswordChanged => format!("Mật khẩu vneid của bạn vừa được đổi. {NOT_YOU}"),
            Self::Added(kind) => {
                let what = in_a_message(kind);
                format!("{what} vừa được thêm vào tài khoản vneid của bạn. {NOT_YOU}")
            }
            Self::DeviceMoved => format!(
                "Ứng dụng vneid của bạn vừa được chuyển sang điện thoại khác. Điện thoại cũ không \
                 còn dùng được. {NOT_YOU}"
            ),
        }
    }
}

/// Nothing that its holder wrote: a name may be somebody else's words.
const fn in_a_message(kind: AuthenticatorKind) -> &'static str {
    match kind {
        AuthenticatorKind::Password => "Mật khẩu",
        AuthenticatorKind::Passkey => "Một khóa truy cập",
        AuthenticatorKind::Totp => "Một ứng dụng xác thực",
        AuthenticatorKind::App => "Một điện thoại có ứng dụng vneid",
        AuthenticatorKind::RecoveryCode => "Một bộ mã khôi phục",
        AuthenticatorKind::SmsCode => "Mã qua tin nhắn",
        AuthenticatorKind::EmailCode => "Mã qua thư điện tử",
        AuthenticatorKind::IdentityCardChip
        | AuthenticatorKind::Face
        | AuthenticatorKind::Fingerprint
        | AuthenticatorKind::Iris
        | AuthenticatorKind::Voice
        | AuthenticatorKind::TemporaryCode => "Một cách đăng nhập",
    }
}

/// One message as it leaves. It may hold a code: it does not print.
#[derive(Clone)]
pub struct Message {
    pub channel: Channel,
    /// E.164, or an e-mail address.
    pub address: String,
    pub text: String,
}

impl Message {
    pub fn about(matter: Matter<'_>, channel: Channel, address: &str) -> Self {
        Self { channel, address: address.to_owned(), text: matter.text() }
    }
}

/// Why a message did not leave, or may not have.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    #[error("no gateway is configured")]
    NoGateway,
    #[error("the gateway cannot be reached: {0}")]
    Unreachable(String),
    #[error("the gateway answered {0}")]
    Refused(u16),
    #[error("the gateway's answer does not read")]
    Unreadable,
}

/// Hands messages to somebody who delivers them.
#[async_trait]
pub trait MessageGateway: Send + Sync {
    /// Once; whoever calls it never tries again.
    async fn send(&self, message: &Message) -> Result<(), GatewayError>;

    /// When this telephone number last moved to another SIM or another subscriber. `None`: not as far as
    /// its operator knows, or there is nobody to ask.
    async fn moved_at(&self, number: &str) -> Result<Option<Timestamp>, GatewayError>;
}

/// What the operators say of a telephone number (NIST SP 800-63B-4 §3.1.3.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SimSignal {
    /// Nothing is known to have happened; or nobody is there to ask.
    Quiet,
    MovedAt(Timestamp),
    /// Somebody is there to ask and did not answer.
    Unanswered,
}

/// Where messages go. Chosen once, in the composition root.
pub enum Exit {
    /// Nothing is sent, and nothing that needs it is offered.
    None,
    Gateway(Arc<dyn MessageGateway>),
    /// Development: kept here, for everybody to read.
    Outbox(Outbox),
}

pub struct Messaging {
    exit: Exit,
    room: Arc<Semaphore>,
}

impl Messaging {
    /// Messages on their way that nobody waits for.
    const UNDER_WAY: usize = 256;

    pub fn new(exit: Exit) -> Self {
        Self { exit, room: Arc::new(Semaphore::new(Self::UNDER_WAY)) }
    }

    pub const fn is_possible(&self) -> bool {
        !matches!(self.exit, Exit::None)
    }

    pub const fn outbox(&self) -> Option<&Outbox> {
        match &self.exit {
            Exit::Outbox(outbox) => Some(outbox),
            Exit::None | Exit::Gateway(_) => None,
        }
    }

    pub async fn send(&self, message: Message, now: Timestamp) -> Result<(), GatewayError> {
        let channel = message.channel.as_str();
        let sent = match &self.exit {
            Exit::None => Err(GatewayError::NoGateway),
            Exit::Gateway(gateway) => gateway.send(&message).await,
            Exit::Outbox(outbox) => {
                outbox.keep(message, now);
                Ok(())
            }
        };
        match &sent {
            Ok(()) => tracing::info!(channel, "message sent"),
            Err(error) => tracing::warn!(channel, %error, "message not sent"),
        }
        sent
    }

    /// Asks when `number` last moved to another SIM.
    pub async fn sim_of(&self, number: &str) -> SimSignal {
        let moved_at = match &self.exit {
            Exit::None => Ok(None),
            Exit::Gateway(gateway) => gateway.moved_at(number).await,
            Exit::Outbox(outbox) => Ok(outbox.moved_at(number)),
        };
        match moved_at {
            Ok(moved_at) => moved_at.map_or(SimSignal::Quiet, SimSignal::MovedAt),
            Err(error) => {
                tracing::warn!(%error, "the operator did not say whether a SIM was exchanged");
                SimSignal::Unanswered
            }
        }
    }

    /// Room for sending something that the answer does not wait for.
    pub(crate) fn room(&self) -> Result<OwnedSemaphorePermit, Fault> {
        Arc::clone(&self.room).try_acquire_owned().map_err(|_| Fault::Busy)
    }
}

/// What would have been sent, newest first; and what operators would say, for whoever tries that out.
#[derive(Default)]
pub struct Outbox {
    messages: Mutex<VecDeque<(Timestamp, Message)>>,
    moved: Mutex<HashMap<String, Timestamp>>,
}

impl Outbox {
    const KEPT: usize = 50;

    fn keep(&self, message: Message, now: Timestamp) {
        let mut kept = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_front((now, message));
        kept.truncate(Self::KEPT);
    }

    pub fn messages(&self) -> Vec<(Timestamp, Message)> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// From now on `number` moved to another SIM at that time.
    pub fn move_number(&self, number: &str, at: Timestamp) {
        self.moved.lock().unwrap_or_else(PoisonError::into_inner).insert(number.to_owned(), at);
    }

    fn moved_at(&self, number: &str) -> Option<Timestamp> {
        self.moved.lock().unwrap_or_else(PoisonError::into_inner).get(number).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bytes(u8);
    impl Entropy for Bytes {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    #[test]
    fn a_code_has_six_digits_also_when_it_is_a_small_number() {
        for byte in [0, 1, 0x7f, 0xff] {
            let code = MessageCode::generate(&Bytes(byte));
            assert_eq!(code.expose().len(), 6);
            assert!(code.expose().bytes().all(|byte| byte.is_ascii_digit()));
        }
    }

    #[test]
    fn every_message_with_a_code_says_what_for_and_to_give_it_to_nobody() {
        // ATK-104
        let code = MessageCode::generate(&Bytes(1));
        let details = TransactionDetails {
            kind: "transfer".to_owned(),
            amount: 20_000_000,
            day_total: None,
            known_device: false,
            reference: "FT17".to_owned(),
            procedure: None,
        };
        let matters = [
            (Matter::LogIn { code: &code, party: Some("Cổng Dịch vụ công") }, "Cổng Dịch vụ công"),
            (Matter::LogIn { code: &code, party: None }, "đăng nhập"),
            (
                Matter::Confirm { code: &code, party: "Ngân hàng X", details: &details },
                "20.000.000 đồng",
            ),
            (Matter::Bind { code: &code }, "nơi nhận mã"),
            (Matter::Recover { code: &code }, "đặt lại mật khẩu"),
        ];
        for (matter, purpose) in matters {
            let text = matter.text();
            assert!(text.starts_with(code.expose()) && text.contains(purpose), "{text}");
            assert!(text.contains("Không đưa mã này cho bất kỳ ai"), "{text}");
        }
    }

    #[test]
    fn the_outbox_keeps_the_newest() {
        let outbox = Outbox::default();
        for second in 0..60 {
            let message = Message::about(Matter::Recovered, Channel::Sms, &second.to_string());
            outbox.keep(message, Timestamp::from_unix_seconds(second));
        }
        let kept = outbox.messages();
        assert_eq!((kept.len(), kept[0].1.address.as_str()), (Outbox::KEPT, "59"));
    }
}
