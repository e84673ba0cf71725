//! The challenge of RFC 9470 §3, written and read.

use std::fmt;

const ERROR: &str = "insufficient_user_authentication";

/// What the person has to do before the request can be served.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Challenge {
    /// For the portal's engineers.
    pub description: String,
    /// Context classes that would do, in order of preference; empty where the level suffices.
    pub acr_values: Vec<String>,
    /// In seconds, where the login is too old.
    pub max_age: Option<u32>,
}

/// The value of `WWW-Authenticate`.
impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bearer error=\"{ERROR}\"")?;
        if !self.description.is_empty() {
            write_parameter(f, "error_description", &self.description)?;
        }
        if !self.acr_values.is_empty() {
            write_parameter(f, "acr_values", &self.acr_values.join(" "))?;
        }
        if let Some(seconds) = self.max_age {
            write_parameter(f, "max_age", &seconds.to_string())?;
        }
        Ok(())
    }
}

/// A quoted-string (RFC 9110 §5.6.4). What no header may carry is left out (ATK-014).
fn write_parameter(f: &mut fmt::Formatter<'_>, name: &str, value: &str) -> fmt::Result {
    write!(f, ", {name}=\"")?;
    for letter in value.chars().filter(|letter| matches!(letter, ' '..='~')) {
        if matches!(letter, '"' | '\\') {
            f.write_str("\\")?;
        }
        write!(f, "{letter}")?;
    }
    f.write_str("\"")
}

impl Challenge {
    /// Reads the value of `WWW-Authenticate`; `None` if it asks for something else than step-up.
    pub fn parse(header: &str) -> Option<Self> {
        let (scheme, rest) = header.trim_start().split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let mut challenge = Self::default();
        let mut is_step_up = false;
        let mut rest = rest;
        while let Some((name, value, after)) = parameter(rest) {
            match name.to_ascii_lowercase().as_str() {
                "error" => is_step_up = value == ERROR,
                "error_description" => challenge.description = value,
                "acr_values" => {
                    challenge.acr_values = value.split_whitespace().map(str::to_owned).collect();
                }
                "max_age" => challenge.max_age = value.parse().ok(),
                _ => {}
            }
            rest = after;
        }
        is_step_up.then_some(challenge)
    }
}

/// The next `name=value`, the value quoted or a token, and what follows it.
fn parameter(text: &str) -> Option<(&str, String, &str)> {
    let (name, rest) = text.trim_start_matches([' ', ',']).split_once('=')?;
    let Some(quoted) = rest.strip_prefix('"') else {
        let end = rest.find([',', ' ']).unwrap_or(rest.len());
        let (value, after) = rest.split_at_checked(end)?;
        return Some((name, value.to_owned(), after));
    };
    let mut value = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((name, value, quoted.get(at + 1..)?)),
            '\\' => value.push(letters.next()?.1),
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_specification_is_read() {
        // RFC 9470 §3
        let read = Challenge::parse(
            r#"Bearer error="insufficient_user_authentication",
              error_description="A different authentication level is required",
              acr_values="myACR otherACR""#
                .replace('\n', " ")
                .as_str(),
        );
        let read = read.unwrap();
        assert_eq!(read.acr_values, ["myACR", "otherACR"]);
        assert_eq!(read.max_age, None);
        let recent = r#"bearer error="insufficient_user_authentication", max_age="5""#;
        assert_eq!(Challenge::parse(recent).unwrap().max_age, Some(5));
    }

    #[test]
    fn what_is_written_is_read_back_whatever_it_contains() {
        for description in ["more", "a \"quoted\", comma=\"x\" and \\ backslash", ""] {
            let challenge = Challenge {
                description: description.to_owned(),
                acr_values: vec!["urn:vn:eid:auth:3".to_owned(), "urn:vn:eid:auth:4".to_owned()],
                max_age: Some(900),
            };
            assert_eq!(Challenge::parse(&challenge.to_string()), Some(challenge));
        }
    }

    #[test]
    fn a_header_cannot_be_left() {
        // ATK-014
        let description = "x\r\nSet-Cookie: a=b\u{7f}đ".to_owned();
        let written = Challenge { description, ..Challenge::default() }.to_string();
        assert!(written.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{written}");
    }

    #[test]
    fn any_other_challenge_is_not_a_step_up() {
        for header in [
            r#"Bearer error="invalid_token", acr_values="urn:vn:eid:auth:3""#,
            r#"DPoP error="insufficient_user_authentication", acr_values="urn:vn:eid:auth:3""#,
            r#"Bearer error_description="error=insufficient_user_authentication""#,
            r#"Bearer error="insufficient_user_authentication"#,
            "Bearer",
            "",
        ] {
            assert_eq!(Challenge::parse(header), None, "{header}");
        }
    }
}
