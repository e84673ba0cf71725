//! Everything that can go wrong for a citizen, each with a plain page that says what to do next.

use axum::http::StatusCode;

use super::cases::CaseError;
use super::oidc::LoginError;
use super::requirements::{AccountLevel, AuthenticationLevel, Shortfall};

#[derive(Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The account level is too low; no login can raise it.
    AccountTooLow(AccountLevel),
    /// The provider could not reach the level asked for (`unmet_authentication_requirements`); `None`
    /// when the login itself was not enough.
    LevelOutOfReach(Option<AuthenticationLevel>),
    /// The citizen said no (`access_denied`).
    Declined,
    /// Any other error code of the provider, already reduced to harmless characters.
    ProviderSaid(String),
    /// Back button, second use, too late, or another browser's answer.
    LoginNotRecognised,
    /// The answer does not come from our provider (RFC 9207).
    ForeignAnswer,
    /// The token answer was refused or did not pass our checks.
    LoginFailed(String),
    ProviderUnavailable,
    CasesUnavailable,
    /// The case system no longer accepts the citizen's token.
    SessionEnded,
    /// A form that does not come from this session's pages.
    FormExpired,
    NotFound,
    /// Ours: no randomness.
    Internal,
}

/// What the page of a trouble says.
pub struct Explanation {
    pub status: StatusCode,
    pub title: String,
    pub lead: &'static str,
    pub steps: Vec<&'static str>,
    /// A code a help desk can look up.
    pub code: String,
    pub offers: Offer,
}

/// The one thing the page offers to press.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    Home,
    LogInAgain,
    /// The citizen's own page at the provider, where factors are added.
    AccountPage,
}

impl Trouble {
    /// The citizen-facing meaning of an authorization error response (RFC 6749 §4.1.2.1, OpenID Connect
    /// Core §3.1.2.6, Unmet Authentication Requirements 1.0).
    pub fn from_error_code(code: &str, demanded: Option<AuthenticationLevel>) -> Self {
        match code {
            "unmet_authentication_requirements" => Self::LevelOutOfReach(demanded),
            "access_denied" => Self::Declined,
            "temporarily_unavailable" | "server_error" => Self::ProviderUnavailable,
            other => Self::ProviderSaid(harmless(other)),
        }
    }

    pub fn explain(&self) -> Explanation {
        match self {
            Self::AccountTooLow(level) => Explanation {
                status: StatusCode::FORBIDDEN,
                title: format!("Thủ tục này cần tài khoản mức {level}"),
                lead: "Tài khoản định danh của bạn hiện thấp hơn mức cần có. Đăng nhập lại không thay đổi \
                       được mức tài khoản.",
                steps: vec![
                    "Mang thẻ căn cước còn hạn đến công an cấp xã hoặc nơi làm thủ tục cấp thẻ, không phụ \
                     thuộc nơi cư trú.",
                    "Nếu thẻ đã hết hạn, hãy làm thủ tục đổi thẻ trước.",
                    "Khi tài khoản đã lên mức cần có, đăng xuất, đăng nhập lại và nộp hồ sơ.",
                ],
                code: "account_level_too_low".into(),
                offers: Offer::Home,
            },
            Self::LevelOutOfReach(Some(level)) => out_of_reach(*level),
            Self::LevelOutOfReach(None) => login_out_of_reach(),
            Self::Declined => Explanation {
                status: StatusCode::FORBIDDEN,
                title: "Bạn đã không đồng ý chia sẻ thông tin".into(),
                lead: "Cổng không nhận được thông tin nào về bạn. Bạn vẫn xem được danh sách thủ tục mà \
                       không cần đăng nhập.",
                steps: vec!["Muốn nộp hồ sơ, hãy đăng nhập lại và chọn đồng ý."],
                code: "access_denied".into(),
                offers: Offer::LogInAgain,
            },
            Self::ProviderSaid(code) => Explanation {
                status: StatusCode::BAD_GATEWAY,
                title: "Chưa đăng nhập được".into(),
                lead: "Hệ thống định danh đã trả lời bằng một mã lỗi. Bạn chưa đăng nhập và chưa có hồ sơ \
                       nào được nộp.",
                steps: vec![
                    "Thử đăng nhập lại.",
                    "Nếu vẫn lỗi, gửi mã bên dưới cho bộ phận hỗ trợ.",
                ],
                code: code.clone(),
                offers: Offer::LogInAgain,
            },
            Self::LoginFailed(code) => Explanation {
                status: StatusCode::BAD_GATEWAY,
                title: "Chưa đăng nhập được".into(),
                lead: "Cổng không xác nhận được câu trả lời của hệ thống định danh nên đã bỏ qua nó.",
                steps: vec![
                    "Thử đăng nhập lại.",
                    "Nếu vẫn lỗi, gửi mã bên dưới cho bộ phận hỗ trợ.",
                ],
                code: code.clone(),
                offers: Offer::LogInAgain,
            },
            Self::LoginNotRecognised
            | Self::ForeignAnswer
            | Self::SessionEnded
            | Self::FormExpired => self.explain_lost_session(),
            Self::ProviderUnavailable
            | Self::CasesUnavailable
            | Self::NotFound
            | Self::Internal => self.explain_service(),
        }
    }

    fn explain_lost_session(&self) -> Explanation {
        let (status, title, lead, code) = match self {
            Self::SessionEnded => (
                StatusCode::UNAUTHORIZED,
                "Phiên đăng nhập đã kết thúc",
                "Hệ thống tiếp nhận không còn chấp nhận phiên này: phiên đã quá hạn, hoặc bạn đã đăng xuất \
                 ở nơi khác. Hồ sơ chưa được nộp.",
                "session_ended",
            ),
            Self::FormExpired => (
                StatusCode::FORBIDDEN,
                "Biểu mẫu đã hết hiệu lực",
                "Trang này được mở từ trước khi phiên đăng nhập thay đổi. Chưa có gì được gửi đi.",
                "form_expired",
            ),
            Self::ForeignAnswer => (
                StatusCode::BAD_REQUEST,
                "Câu trả lời không đến từ hệ thống định danh",
                "Để bảo vệ bạn, Cổng đã bỏ qua câu trả lời này.",
                "issuer_mismatch",
            ),
            _ => (
                StatusCode::BAD_REQUEST,
                "Lần đăng nhập này không còn hiệu lực",
                "Có thể bạn đã bấm nút quay lại, để trang chờ quá lâu, hoặc trình duyệt chặn cookie.",
                "login_not_recognised",
            ),
        };
        Explanation {
            status,
            title: title.into(),
            lead,
            steps: vec!["Đăng nhập lại từ Cổng."],
            code: code.into(),
            offers: Offer::LogInAgain,
        }
    }

    fn explain_service(&self) -> Explanation {
        let (status, title, lead, code) = match self {
            Self::ProviderUnavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Hệ thống định danh tạm thời không phục vụ",
                "Bạn chưa đăng nhập được lúc này. Không có dữ liệu nào bị mất.",
                "provider_unavailable",
            ),
            Self::CasesUnavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Hệ thống tiếp nhận tạm thời không phục vụ",
                "Hồ sơ chưa được xác nhận. Bạn vẫn đang đăng nhập.",
                "case_system_unavailable",
            ),
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "Không tìm thấy trang",
                "Địa chỉ có thể đã gõ sai, hoặc hồ sơ này không thuộc về bạn.",
                "not_found",
            ),
            _ => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Cổng đang gặp sự cố",
                "Yêu cầu của bạn chưa được thực hiện.",
                "internal",
            ),
        };
        let steps = match self {
            Self::NotFound => vec!["Kiểm tra lại địa chỉ, hoặc bắt đầu từ danh sách thủ tục."],
            _ => vec!["Đợi vài phút rồi thử lại."],
        };
        let offers = Offer::Home;
        Explanation { status, title: title.into(), lead, steps, code: code.into(), offers }
    }
}

fn login_out_of_reach() -> Explanation {
    Explanation {
        status: StatusCode::FORBIDDEN,
        title: "Tài khoản của bạn chưa đủ để đăng nhập".into(),
        lead: "Bạn chưa đăng nhập. Bạn vẫn xem được danh sách thủ tục mà không cần đăng nhập.",
        steps: vec![
            "Mở trang tài khoản định danh để biết tài khoản còn thiếu gì.",
            "Bổ sung, rồi đăng nhập lại từ Cổng.",
        ],
        code: "unmet_authentication_requirements".into(),
        offers: Offer::AccountPage,
    }
}

fn out_of_reach(level: AuthenticationLevel) -> Explanation {
    let add_factor = match level {
        AuthenticationLevel(..=2) => {
            "Mở trang tài khoản định danh và thêm ứng dụng tạo mã một lần làm yếu tố thứ hai."
        }
        AuthenticationLevel(3) => {
            "Mức 3 cần hai yếu tố khác nhau, trong đó có sinh trắc học (khuôn mặt hoặc vân tay). Xem trang \
             tài khoản định danh có yếu tố nào bạn có thể thêm."
        }
        _ => {
            "Mức 4 cần cùng lúc sinh trắc học, một vật bạn giữ và một điều bạn biết. Xem trang tài khoản \
             định danh có yếu tố nào bạn có thể thêm."
        }
    };
    Explanation {
        status: StatusCode::FORBIDDEN,
        title: format!("Tài khoản của bạn chưa đạt được mức xác thực {level}"),
        lead: "Hồ sơ chưa được nộp. Bạn vẫn dùng được các thủ tục có yêu cầu thấp hơn.",
        steps: vec![
            add_factor,
            "Sau đó quay lại thủ tục và nộp hồ sơ.",
            "Nếu không thêm được, hãy nộp trực tiếp tại Bộ phận Một cửa nơi gần nhất.",
        ],
        code: "unmet_authentication_requirements".into(),
        offers: Offer::AccountPage,
    }
}

impl From<LoginError> for Trouble {
    fn from(error: LoginError) -> Self {
        tracing::warn!(%error, "login at the demo portal failed");
        match error {
            LoginError::Unavailable(_) => Self::ProviderUnavailable,
            LoginError::Refused(code) => Self::LoginFailed(harmless(&code)),
            LoginError::Unacceptable(_) => Self::LoginFailed("answer_not_acceptable".into()),
        }
    }
}

impl From<CaseError> for Trouble {
    fn from(error: CaseError) -> Self {
        tracing::warn!(%error, "the case system did not take or give a case");
        match error {
            CaseError::Insufficient(Shortfall::Account(level), _) => Self::AccountTooLow(level),
            CaseError::Insufficient(Shortfall::Authentication(level), _) => {
                Self::LevelOutOfReach(Some(level))
            }
            CaseError::TooOld(_) | CaseError::TokenRefused => Self::SessionEnded,
            CaseError::NotFound => Self::NotFound,
            CaseError::Unavailable(_) => Self::CasesUnavailable,
        }
    }
}

impl From<ring::error::Unspecified> for Trouble {
    fn from(_: ring::error::Unspecified) -> Self {
        tracing::error!("no randomness");
        Self::Internal
    }
}

/// An error code comes from a URL anybody can write: keep what a registered code may contain.
fn harmless(code: &str) -> String {
    let kept: String =
        code.chars().filter(|c| c.is_ascii_lowercase() || *c == '_').take(64).collect();
    if kept.is_empty() { "unknown_error".into() } else { kept }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_refusals_a_citizen_can_act_on_have_pages_of_their_own() {
        assert_eq!(
            Trouble::from_error_code(
                "unmet_authentication_requirements",
                Some(AuthenticationLevel(3))
            ),
            Trouble::LevelOutOfReach(Some(AuthenticationLevel(3)))
        );
        assert_eq!(Trouble::from_error_code("access_denied", None), Trouble::Declined);
    }

    #[test]
    fn a_foreign_error_code_cannot_carry_text_onto_the_page() {
        assert_eq!(
            Trouble::from_error_code("<b>call 0900 now", None),
            Trouble::ProviderSaid("bcallnow".into())
        );
        assert_eq!(
            Trouble::from_error_code("0900 ", None),
            Trouble::ProviderSaid("unknown_error".into())
        );
    }
}
