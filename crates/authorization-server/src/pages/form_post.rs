//! The authorization response as a form (OAuth 2.0 Form Post Response Mode §2).

use super::{page, samples};

/// Posts `fields` to `action`: at once where scripts run, by its button where they do not. The
/// route must name the origin of `action` in the policy's `form-action`.
pub struct FormPost {
    /// The registered redirect URI.
    pub action: String,
    pub relying_party: String,
    /// `code`, `state`, `iss`, or the error members, in this order.
    pub fields: Vec<(String, String)>,
}

fn faces() -> Vec<(&'static str, FormPost)> {
    let fields = [
        ("code", "sample-code"),
        ("state", "\"><script>alert(1)</script>"),
        ("iss", "http://localhost:8080"),
    ];
    let page = FormPost {
        action: "http://localhost:8081/callback?from=vneid".into(),
        relying_party: samples::portal().name,
        fields: fields.map(|(name, value)| (name.into(), value.into())).into(),
    };
    vec![("form-post", page)]
}

page!(FormPost, "form_post.html", faces());
