//! The files that pages refer to. All of them are compiled in; nothing else is served.

/// One embedded file.
pub struct Asset {
    /// Where it is served.
    pub path: &'static str,
    pub content_type: &'static str,
    pub body: &'static str,
}

pub const STYLESHEET: Asset = Asset {
    path: "/assets/vneid.css",
    content_type: "text/css; charset=utf-8",
    body: include_str!("../../assets/vneid.css"),
};

pub const EMBLEM: Asset = Asset {
    path: "/assets/emblem.svg",
    content_type: "image/svg+xml",
    body: include_str!("../../assets/emblem.svg"),
};

/// Presses the button of the `form_post` page. The page works without it.
pub const FORM_POST: Asset = Asset {
    path: "/assets/form-post.js",
    content_type: "text/javascript; charset=utf-8",
    body: include_str!("../../assets/form-post.js"),
};

/// Brings the browser's passkeys to the forms that ask for one. Each page offers another way beside.
pub const PASSKEY: Asset = script("/assets/passkey.js", include_str!("../../assets/passkey.js"));

/// Shows the rolling code of `/login/app` and goes on when the telephone has answered.
pub const APP_LOGIN: Asset =
    script("/assets/app-login.js", include_str!("../../assets/app-login.js"));

const ALL: [&Asset; 5] = [&STYLESHEET, &EMBLEM, &FORM_POST, &PASSKEY, &APP_LOGIN];

/// The reference app by the names of its files under `/app/`. They stand apart: another page, with
/// another content policy, which needs none of the above but the look.
pub const REFERENCE_APP: &[(&str, Asset)] = &[
    (
        REFERENCE_APP_PAGE,
        Asset {
            path: "/app/",
            content_type: "text/html; charset=utf-8",
            body: include_str!("../../assets/app/index.html"),
        },
    ),
    (
        "app.css",
        Asset {
            path: "/app/app.css",
            content_type: "text/css; charset=utf-8",
            body: include_str!("../../assets/app/app.css"),
        },
    ),
    (
        "manifest.webmanifest",
        Asset {
            path: "/app/manifest.webmanifest",
            content_type: "application/manifest+json",
            body: include_str!("../../assets/app/manifest.webmanifest"),
        },
    ),
    ("app.js", script("/app/app.js", include_str!("../../assets/app/app.js"))),
    ("device.js", script("/app/device.js", include_str!("../../assets/app/device.js"))),
    ("server.js", script("/app/server.js", include_str!("../../assets/app/server.js"))),
    ("scanner.js", script("/app/scanner.js", include_str!("../../assets/app/scanner.js"))),
    ("worker.js", script("/app/worker.js", include_str!("../../assets/app/worker.js"))),
];

pub const REFERENCE_APP_PAGE: &str = "index.html";

const fn script(path: &'static str, body: &'static str) -> Asset {
    Asset { path, content_type: "text/javascript; charset=utf-8", body }
}

impl Asset {
    /// The address to link to: the path and the fingerprint of the content.
    pub fn url(&self) -> String {
        format!("{}?v={}", self.path, self.fingerprint())
    }

    /// FNV-1a, 64 bits: names a version, protects nothing.
    fn fingerprint(&self) -> String {
        let hash = self.body.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        format!("{hash:016x}")
    }
}

/// The asset at `path` and the `Cache-Control` to send with it. Only the version that was asked
/// for may be kept for ever: during a roll-out an old node can be asked for the new stylesheet.
pub fn find(path: &str, query: Option<&str>) -> Option<(&'static Asset, &'static str)> {
    let asset = ALL.into_iter().find(|asset| asset.path == path)?;
    let is_this_version =
        query.and_then(|query| query.strip_prefix("v=")) == Some(asset.fingerprint().as_str());
    let cache = if is_this_version { "public, max-age=31536000, immutable" } else { "no-cache" };
    Some((asset, cache))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_version_asked_for_may_be_kept_for_ever() {
        let url = STYLESHEET.url();
        let (path, query) = url.split_once('?').unwrap();
        assert!(find(path, Some(query)).unwrap().1.contains("immutable"));
        assert_eq!(find(path, Some("v=0")).unwrap().1, "no-cache");
        assert_eq!(find(path, None).unwrap().1, "no-cache");
        assert!(find("/assets/../secret", None).is_none());
    }

    #[test]
    fn the_fingerprint_follows_the_content() {
        let changed = Asset { body: "other", ..STYLESHEET };
        assert_ne!(changed.url(), STYLESHEET.url());
    }
}
