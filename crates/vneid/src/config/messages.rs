//! Where messages to people go: `messages.*`.

use identity_core::secret::SecretBytes;
use protocol::Environment;
use url::Url;

use super::reading::Reading;

#[derive(Clone)]
pub enum Messages {
    /// Nothing that needs a message is offered.
    Off,
    Gateway {
        url: Url,
        secret: SecretBytes,
    },
    /// Kept in memory and shown on a page.
    Outbox,
}

impl Reading<'_> {
    pub(super) fn messages(&mut self, environment: Environment) -> Messages {
        let outbox = match self.flag("messages.outbox") {
            Some((true, place)) => {
                self.only_in_development(environment, &place, "everybody can read the outbox");
                true
            }
            Some((false, _)) | None => false,
        };
        let Some((text, place)) = self.text("messages.gateway") else {
            for key in ["messages.gateway_secret", "messages.gateway_secret_file"] {
                if self.holds(key) {
                    self.missing("messages.gateway");
                }
            }
            return if outbox { Messages::Outbox } else { Messages::Off };
        };
        if outbox {
            self.fault(&place, "a gateway and the outbox exclude each other");
        }
        let secure = |url: &Url| match url.scheme() {
            "https" => true,
            "http" => environment == Environment::Development,
            _ => false,
        };
        let url = Url::parse(&text).ok().filter(|url| url.has_host() && secure(url));
        if url.is_none() {
            self.fault(&place, "expected an https URL");
        }
        let secret = self.secret("messages.gateway_secret").and_then(|(secret, place)| {
            let secret = secret.trim();
            let sendable = !secret.is_empty() && secret.bytes().all(|byte| byte.is_ascii_graphic());
            if !sendable {
                self.fault(&place, "expected visible ASCII characters");
            }
            sendable.then(|| SecretBytes::new(secret.as_bytes().to_vec()))
        });
        match (url, secret) {
            (Some(url), Some(secret)) => Messages::Gateway { url, secret },
            _ => Messages::Off,
        }
    }
}
