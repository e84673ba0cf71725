//! Messages leave by HTTP: one JSON document per message, to an address that the operator chose.

use async_trait::async_trait;
use flows::messages::{GatewayError, Message, MessageGateway};
use identity_core::Timestamp;
use identity_core::secret::SecretBytes;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use crate::outbound::{Answer, Exceptions, Outbound, OutboundError};

/// `POST url` with `Authorization: Bearer …` and `{"channel": "sms" | "email", "to": …, "text": …}`.
/// Any 2xx means that the gateway took it.
pub struct HttpGateway {
    messages: Line,
    /// `{"to": …}`; the answer is `{"moved_at": seconds since 1970 | null}`.
    sim_signal: Option<Line>,
    secret: SecretBytes,
}

/// One address, and a client that calls no other.
struct Line {
    outbound: Outbound,
    url: Url,
}

/// What else the answer has is the operator's.
#[derive(Deserialize)]
struct Moved {
    /// Must be there: an answer to something else says nothing of this number.
    moved_at: Value,
}

impl HttpGateway {
    pub fn new(url: Url, secret: SecretBytes) -> Result<Self, OutboundError> {
        Ok(Self { messages: Line::to(url)?, sim_signal: None, secret })
    }

    /// Asks there whether a number moved to another SIM.
    pub fn asking(self, sim_signal: Url) -> Result<Self, OutboundError> {
        Ok(Self { sim_signal: Some(Line::to(sim_signal)?), ..self })
    }

    async fn post(&self, line: &Line, document: &Value) -> Result<Answer, GatewayError> {
        let secret = std::str::from_utf8(self.secret.expose())
            .map_err(|_| GatewayError::Unreachable("the secret is no text".to_owned()))?;
        let answer = line.outbound.post_json(line.url.as_str(), secret, document).await;
        let answer = answer.map_err(|error| GatewayError::Unreachable(error.to_string()))?;
        match answer.status {
            200..=299 => Ok(answer),
            status => Err(GatewayError::Refused(status)),
        }
    }
}

impl Line {
    /// The address is the operator's own choice, so it may be an inner one; no other is ever called
    /// from here.
    fn to(url: Url) -> Result<Self, OutboundError> {
        Ok(Self { outbound: Outbound::new(Exceptions::only(&url))?, url })
    }
}

#[async_trait]
impl MessageGateway for HttpGateway {
    async fn send(&self, message: &Message) -> Result<(), GatewayError> {
        let document = json!({
            "channel": message.channel.as_str(),
            "to": message.address,
            "text": message.text,
        });
        self.post(&self.messages, &document).await.map(drop)
    }

    async fn moved_at(&self, number: &str) -> Result<Option<Timestamp>, GatewayError> {
        let Some(line) = &self.sim_signal else { return Ok(None) };
        let answer = self.post(line, &json!({ "to": number })).await?;
        let moved: Moved =
            serde_json::from_slice(&answer.body).map_err(|_| GatewayError::Unreadable)?;
        match moved.moved_at {
            Value::Null => Ok(None),
            at => at
                .as_i64()
                .map(Timestamp::from_unix_seconds)
                .map(Some)
                .ok_or(GatewayError::Unreadable),
        }
    }
}
