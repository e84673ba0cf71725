//! The portal's pages. Views are plain text; every decision was made before.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use time::macros::{format_description, offset};

use super::cases::Receipt;
use super::requirements::{Procedure, Shortfall};
use super::sessions::Citizen;
use super::trouble::{Offer, Trouble};

pub const STYLESHEET: &str = include_str!("../../../assets/portal.css");

/// What the head of every page shows about the person in front of it.
pub struct Visitor<'a> {
    pub(super) name: &'a str,
    pub(super) account_level: String,
    pub(super) authentication_level: String,
    pub(super) methods: String,
    pub(super) authenticated_at: String,
    pub(super) form_token: &'a str,
}

#[derive(Template)]
#[template(path = "portal/home.html")]
struct HomePage<'a> {
    visitor: Option<Visitor<'a>>,
    person: Vec<(&'static str, String)>,
    signed_out: bool,
    procedures: Vec<ProcedureView<'a>>,
}

#[derive(Template)]
#[template(path = "portal/procedure.html")]
struct ProcedurePage<'a> {
    visitor: Option<Visitor<'a>>,
    procedure: ProcedureView<'a>,
    stepped_up: bool,
}

#[derive(Template)]
#[template(path = "portal/receipt.html")]
struct ReceiptPage<'a> {
    visitor: Option<Visitor<'a>>,
    number: &'a str,
    procedure: &'a str,
    filed_at: String,
    seen: Vec<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "portal/trouble.html")]
struct TroublePage<'a> {
    visitor: Option<Visitor<'a>>,
    title: String,
    lead: &'a str,
    steps: Vec<&'a str>,
    code: String,
    offer: Link<'a>,
}

struct Link<'a> {
    href: &'a str,
    text: &'static str,
}

struct ProcedureView<'a> {
    number: u8,
    name_vi: &'a str,
    name_en: &'a str,
    lead_vi: &'a str,
    badges: Vec<Badge>,
    readiness: Option<Readiness>,
}

struct Badge {
    class: &'static str,
    text: String,
}

/// Whether the person in front of the page could file right now.
struct Readiness {
    class: &'static str,
    short: &'static str,
    sentence: String,
}

/// The list of procedures, and who is looking at it.
pub fn home(citizen: Option<&Citizen>, procedures: &[Procedure], signed_out: bool) -> Response {
    let page = HomePage {
        visitor: citizen.map(visitor),
        person: citizen.map(person).unwrap_or_default(),
        signed_out,
        procedures: procedures.iter().map(|one| procedure_view(one, citizen)).collect(),
    };
    html(StatusCode::OK, &page)
}

/// One procedure; `stepped_up` when the citizen just came back from proving more.
pub fn procedure(citizen: Option<&Citizen>, procedure: &Procedure, stepped_up: bool) -> Response {
    let page = ProcedurePage {
        visitor: citizen.map(visitor),
        procedure: procedure_view(procedure, citizen),
        stepped_up,
    };
    html(StatusCode::OK, &page)
}

/// Proof of filing, with what the case system learnt about the login.
pub fn receipt(citizen: &Citizen, receipt: &Receipt, procedure: Option<&Procedure>) -> Response {
    let seen = &receipt.seen;
    let page = ReceiptPage {
        visitor: Some(visitor(citizen)),
        number: &receipt.number,
        procedure: procedure.map_or("-", |procedure| &procedure.name_vi),
        filed_at: moment(receipt.filed_at),
        seen: vec![
            ("Mức tài khoản", seen.account_level.to_string()),
            ("Mức xác thực", seen.authentication_level.to_string()),
            ("Yếu tố đã dùng (amr)", methods(&seen.amr)),
            ("Mức được khẳng định (acr)", seen.acr.clone().unwrap_or_else(unknown)),
            ("Ứng dụng gửi", seen.client_id.clone().unwrap_or_else(unknown)),
            ("Phạm vi của mã truy cập", seen.scope.clone()),
        ],
    };
    html(StatusCode::OK, &page)
}

/// A page for everything else, with one thing to press.
pub fn trouble(citizen: Option<&Citizen>, trouble: &Trouble, account_page: &str) -> Response {
    let said = trouble.explain();
    let offer = match said.offers {
        Offer::Home => Link { href: "/", text: "Về danh sách thủ tục" },
        Offer::LogInAgain => Link { href: "/login", text: "Đăng nhập lại" },
        Offer::AccountPage => {
            Link { href: account_page, text: "Mở trang tài khoản định danh" }
        }
    };
    let page = TroublePage {
        visitor: citizen.map(visitor),
        title: said.title,
        lead: said.lead,
        steps: said.steps,
        code: said.code,
        offer,
    };
    html(said.status, &page)
}

pub fn html(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(body) => {
            (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], body).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a page of the demo portal did not render");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn visitor(citizen: &Citizen) -> Visitor<'_> {
    Visitor {
        name: &citizen.name,
        account_level: citizen.assurance.account_level().to_string(),
        authentication_level: citizen.assurance.authentication_level().to_string(),
        methods: methods(&citizen.methods),
        authenticated_at: citizen.authenticated_at.map_or_else(unknown, moment),
        form_token: &citizen.form_token,
    }
}

fn person(citizen: &Citizen) -> Vec<(&'static str, String)> {
    let or_unknown = |value: &Option<String>| value.clone().unwrap_or_else(unknown);
    vec![
        ("Họ và tên", citizen.name.clone()),
        ("Ngày sinh", citizen.birthdate.as_deref().map_or_else(unknown, day_first)),
        ("Số định danh cá nhân", citizen.personal_number.as_deref().map_or_else(unknown, masked)),
        ("Số điện thoại", or_unknown(&citizen.phone_number)),
    ]
}

fn procedure_view<'a>(procedure: &'a Procedure, citizen: Option<&Citizen>) -> ProcedureView<'a> {
    let mut badges = vec![
        Badge { class: "level", text: format!("Tài khoản mức {}", procedure.account_level) },
        Badge {
            class: "level", text: format!("Xác thực mức {}", procedure.authentication_level)
        },
    ];
    let notes = [
        (procedure.guardian, "Người giám hộ nộp thay được"),
        (procedure.organisation, "Tổ chức nộp được"),
        (procedure.signature, "Cần chữ ký số"),
    ];
    badges.extend(
        notes
            .into_iter()
            .filter(|(applies, _)| *applies)
            .map(|(_, text)| Badge { class: "note", text: text.to_owned() }),
    );
    ProcedureView {
        number: procedure.number,
        name_vi: &procedure.name_vi,
        name_en: &procedure.name_en,
        lead_vi: &procedure.lead_vi,
        badges,
        readiness: citizen.map(|citizen| readiness(procedure.shortfall(citizen.assurance))),
    }
}

fn readiness(shortfall: Option<Shortfall>) -> Readiness {
    match shortfall {
        None => Readiness {
            class: "ready",
            short: "Nộp được ngay",
            sentence: "Lần đăng nhập này đủ mức để nộp hồ sơ.".into(),
        },
        Some(Shortfall::Authentication(level)) => Readiness {
            class: "more",
            short: "Cần xác thực thêm",
            sentence: format!(
                "Thủ tục này cần xác thực mức {level}. Khi bấm nộp, bạn sẽ được đưa sang hệ thống định danh \
                 để xác thực thêm rồi quay lại đây."
            ),
        },
        Some(Shortfall::Account(level)) => Readiness {
            class: "stop",
            short: "Cần nâng mức tài khoản",
            sentence: format!(
                "Thủ tục này cần tài khoản mức {level}. Tài khoản của bạn hiện chưa đạt mức đó."
            ),
        },
    }
}

/// Authentication method references (RFC 8176) in plain words, with the code an engineer looks for.
fn methods(codes: &[String]) -> String {
    if codes.is_empty() {
        return unknown();
    }
    let in_words = codes.iter().map(|code| {
        let words = match code.as_str() {
            "pwd" => "mật khẩu",
            "otp" => "mã một lần",
            "pin" => "mã PIN",
            "sms" => "mã qua tin nhắn",
            "hwk" => "khóa trong thiết bị",
            "swk" => "khóa phần mềm",
            "sc" => "chip của thẻ",
            "face" => "khuôn mặt",
            "fpt" => "vân tay",
            "iris" => "mống mắt",
            "user" => "xác nhận có mặt",
            "mfa" => "nhiều yếu tố",
            "mca" => "nhiều kênh",
            _ => return code.clone(),
        };
        format!("{words} ({code})")
    });
    in_words.collect::<Vec<_>>().join(", ")
}

fn unknown() -> String {
    "Chưa rõ".to_owned()
}

/// Day, month and year with the time in Viet Nam.
fn moment(seconds: i64) -> String {
    let format = format_description!("[hour]:[minute] ngày [day]/[month]/[year]");
    time::OffsetDateTime::from_unix_timestamp(seconds)
        .ok()
        .and_then(|at| at.to_offset(offset!(+7)).format(&format).ok())
        .unwrap_or_else(unknown)
}

/// `1990-03-08` as Vietnamese readers write it; a bare year (OpenID Connect Core §5.1) stays.
fn day_first(birthdate: &str) -> String {
    match birthdate.split('-').collect::<Vec<_>>().as_slice() {
        [year, month, day] => format!("{day}/{month}/{year}"),
        _ => birthdate.to_owned(),
    }
}

/// All but the last three digits hidden: enough to recognise one's own number, and only that.
fn masked(number: &str) -> String {
    let length = number.chars().count();
    number.chars().enumerate().map(|(at, c)| if at + 3 < length { '•' } else { c }).collect()
}

#[cfg(test)]
mod tests;
