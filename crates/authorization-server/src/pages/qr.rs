//! QR codes as pictures.

use fast_qr::convert::svg::SvgBuilder;
use fast_qr::{ECL, QRBuilder};

use super::PageError;

/// The QR code as a `data:` address of an SVG image, so that what it holds never gets a URL that a
/// cache or a log could keep.
pub fn data_address(text: &str) -> Result<String, PageError> {
    let code = QRBuilder::new(text).ecl(ECL::M).build().map_err(|_| PageError::QrCode)?;
    let svg = SvgBuilder::default().to_str(&code);
    let mut address = String::from("data:image/svg+xml,");
    for byte in svg.bytes() {
        match byte {
            b'A'..=b'Z'
            | b'a'..=b'z'
            | b'0'..=b'9'
            | b'-'
            | b'.'
            | b'_'
            | b'/'
            | b':'
            | b'='
            | b',' => address.push(char::from(byte)),
            _ => {
                use std::fmt::Write as _;
                write!(address, "%{byte:02X}").map_err(|_| PageError::QrCode)?;
            }
        }
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_qr_code_is_a_data_address_without_characters_to_escape() {
        let address = data_address("otpauth://totp/vneid:x?secret=ABC").unwrap();
        assert!(address.starts_with("data:image/svg+xml,%3Csvg"));
        assert!(!address.contains(['<', '"', '#', ' ', '&']));
    }

    #[test]
    fn a_text_too_long_for_a_qr_code_is_an_error() {
        assert!(matches!(data_address(&"x".repeat(5000)), Err(PageError::QrCode)));
    }
}
