//! `/home/security/app`: binding the telephone with the citizen's app, and taking it off.

use super::home::{HomePage, Section};
use super::moment::Moment;
use super::{page, qr, samples};

/// Posts `csrf`, and `remove` to take the device off. May hold a secret: it has no `Debug`.
pub struct AppDevice {
    pub csrf: String,
    pub device: Option<BoundDevice>,
    pub offering: Offering,
}

/// The one active device.
pub struct BoundDevice {
    /// What its holder calls it.
    pub label: Option<String>,
    pub bound: Moment,
}

pub enum Offering {
    Possible,
    /// A second factor comes first.
    LoginTooWeak,
    /// A code, made this moment and never shown again.
    Made {
        identifier: String,
        code: String,
        link: String,
        picture: String,
    },
}

impl HomePage for AppDevice {
    const SECTION: Section = Section::Security;
}

impl Offering {
    pub fn made(identifier: &str, code: &str, link: String, picture: String) -> Self {
        Self::Made { identifier: in_groups(identifier, 4), code: in_groups(code, 5), link, picture }
    }
}

/// Groups are easier to copy by eye.
fn in_groups(text: &str, of: usize) -> String {
    let characters: Vec<char> = text.chars().collect();
    let groups: Vec<String> = characters.chunks(of).map(|group| group.iter().collect()).collect();
    groups.join(" ")
}

fn faces() -> Vec<(&'static str, AppDevice)> {
    let face = |device, offering| AppDevice { csrf: samples::CSRF.into(), device, offering };
    let label = Some("Điện thoại của <Lan>".to_owned());
    let bound = || Some(BoundDevice { label: label.clone(), bound: Moment(1_790_000_000) });
    let link = "https://id.example.vn/app/#bind=48213377.ABCDE23456".to_owned();
    let made = qr::data_address(&link)
        .map(|picture| Offering::made("48213377", "ABCDE23456", link, picture));
    let mut faces = vec![
        ("app-device-none", face(None, Offering::Possible)),
        ("app-device", face(bound(), Offering::Possible)),
        ("app-device-too-weak", face(None, Offering::LoginTooWeak)),
    ];
    faces.extend(made.ok().map(|made| ("app-device-code", face(bound(), made))));
    faces
}

page!(AppDevice, "home/app_device.html", faces());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_written_in_groups() {
        assert_eq!(in_groups("48213377", 4), "4821 3377");
        assert_eq!(in_groups("ABCDE23456", 5), "ABCDE 23456");
        assert_eq!(in_groups("", 4), "");
    }
}
