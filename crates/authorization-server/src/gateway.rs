//! Messages leave by HTTP: one JSON document per message, to an address that the operator chose.

use async_trait::async_trait;
use flows::messages::{GatewayError, Message, MessageGateway};
use identity_core::secret::SecretBytes;
use serde_json::json;
use url::Url;

use crate::outbound::{Exceptions, Outbound, OutboundError};

/// `POST url` with `Authorization: Bearer …` and `{"channel": "sms" | "email", "to": …, "text": …}`.
/// Any 2xx means that the gateway took it.
pub struct HttpGateway {
    outbound: Outbound,
    url: Url,
    secret: SecretBytes,
}

impl HttpGateway {
    /// The address is the operator's own choice, so it may be an inner one; no other is ever called
    /// from here.
    pub fn new(url: Url, secret: SecretBytes) -> Result<Self, OutboundError> {
        Ok(Self { outbound: Outbound::new(Exceptions::only(&url))?, url, secret })
    }
}

#[async_trait]
impl MessageGateway for HttpGateway {
    async fn send(&self, message: &Message) -> Result<(), GatewayError> {
        let secret = std::str::from_utf8(self.secret.expose())
            .map_err(|_| GatewayError::Unreachable("the secret is no text".to_owned()))?;
        let document = json!({
            "channel": message.channel.as_str(),
            "to": message.address,
            "text": message.text,
        });
        let answer = self
            .outbound
            .post_json(self.url.as_str(), secret, &document)
            .await
            .map_err(|error| GatewayError::Unreachable(error.to_string()))?;
        match answer.status {
            200..=299 => Ok(()),
            status => Err(GatewayError::Refused(status)),
        }
    }
}
