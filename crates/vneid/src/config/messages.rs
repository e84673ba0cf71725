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
        /// Where to ask whether a number moved to another SIM.
        sim_signal: Option<Url>,
    },
    /// Kept in memory and shown on a page.
    Outbox,
}

/// Settings that say nothing without a gateway.
const NEED_A_GATEWAY: [&str; 3] =
    ["messages.gateway_secret", "messages.gateway_secret_file", "messages.sim_signal"];

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
            for key in NEED_A_GATEWAY {
                if self.holds(key) {
                    self.missing("messages.gateway");
                }
            }
            return if outbox { Messages::Outbox } else { Messages::Off };
        };
        if outbox {
            self.fault(&place, "a gateway and the outbox exclude each other");
        }
        let url = secure_url(&text, environment);
        if url.is_none() {
            self.fault(&place, "expected an https URL");
        }
        let sim_signal = self.text("messages.sim_signal").and_then(|(text, place)| {
            let url = secure_url(&text, environment);
            if url.is_none() {
                self.fault(&place, "expected an https URL");
            }
            url
        });
        let secret = self.secret("messages.gateway_secret").and_then(|(secret, place)| {
            let secret = secret.trim();
            let sendable = !secret.is_empty() && secret.bytes().all(|byte| byte.is_ascii_graphic());
            if !sendable {
                self.fault(&place, "expected visible ASCII characters");
            }
            sendable.then(|| SecretBytes::new(secret.as_bytes().to_vec()))
        });
        match (url, secret) {
            (Some(url), Some(secret)) => Messages::Gateway { url, secret, sim_signal },
            _ => Messages::Off,
        }
    }
}

fn secure_url(text: &str, environment: Environment) -> Option<Url> {
    let secure = |url: &Url| match url.scheme() {
        "https" => true,
        "http" => environment == Environment::Development,
        _ => false,
    };
    Url::parse(text).ok().filter(|url| url.has_host() && secure(url))
}
