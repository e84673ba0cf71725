//! The fictional people and services of the sample pages, and all sample pages together.

use super::Page;
use super::select_account;
use super::shared::{Asking, Holder, Reason, RelyingParty, Transaction};
use super::{
    app_device, app_login, authenticators, biometric, consent, dispute, error, form_post, history,
    home, lock, login, logout, message_code, methods, outbox, passkey, recover, recovery_code,
    second_factor, security,
};

pub(super) const CSRF: &str = "sample-csrf";
pub(super) const INTERACTION: &str = "sample-interaction";
pub(super) const REQUEST_ID: &str = "01JD8K3V6Q-7F2M";

pub(super) fn portal() -> RelyingParty {
    RelyingParty {
        name: "Cổng Dịch vụ công quốc gia".into(),
        legal_entity: "Văn phòng Chính phủ".into(),
        purpose: Some("Nộp và theo dõi hồ sơ thủ tục hành chính của bạn".into()),
    }
}

pub(super) fn transaction() -> Transaction {
    Transaction { amount: 20_000_000, reference: "FT26112200017".into() }
}

pub(super) fn hospital() -> RelyingParty {
    RelyingParty {
        name: "Sổ sức khỏe điện tử <Đắk Nông>".into(),
        legal_entity: "Sở Y tế tỉnh Đắk Nông".into(),
        purpose: Some("Đặt lịch khám & xem kết quả".into()),
    }
}

pub(super) fn asking() -> Asking {
    Asking {
        csrf: CSRF.into(),
        interaction: INTERACTION.into(),
        relying_party: Some(portal()),
        holder: Some(holder()),
        reason: Reason::SignIn,
        other_ways: Some("/login/choose?interaction=abc".into()),
    }
}

pub(super) fn holder() -> Holder {
    Holder {
        masked_name: "Nguyễn T•• M••• K•••".into(), masked_number: "001••••••123".into()
    }
}

/// A file name for each face of each page, and the page.
pub fn all() -> Vec<(&'static str, Box<dyn Page>)> {
    let mut all = Vec::new();
    add::<login::Login>(&mut all);
    add::<passkey::UsePasskey>(&mut all);
    add::<passkey::Passkeys>(&mut all);
    add::<second_factor::SecondFactor>(&mut all);
    add::<methods::Choose>(&mut all);
    add::<recovery_code::UseRecoveryCode>(&mut all);
    add::<app_login::AppLogin>(&mut all);
    add::<app_device::AppDevice>(&mut all);
    add::<biometric::UseBiometric>(&mut all);
    add::<message_code::UseMessageCode>(&mut all);
    add::<message_code::EnrolMessageCode>(&mut all);
    add::<recover::RecoverName>(&mut all);
    add::<recover::RecoverCodes>(&mut all);
    add::<recover::RecoverPassword>(&mut all);
    add::<recover::Recovered>(&mut all);
    add::<outbox::Outbox>(&mut all);
    add::<consent::Consent>(&mut all);
    add::<select_account::SelectAccount>(&mut all);
    add::<logout::Logout>(&mut all);
    add::<logout::LoggedOut>(&mut all);
    add::<error::ErrorPage>(&mut all);
    add::<form_post::FormPost>(&mut all);
    add::<home::Overview>(&mut all);
    add::<home::Sessions>(&mut all);
    add::<home::Consents>(&mut all);
    add::<history::History>(&mut all);
    add::<dispute::Dispute>(&mut all);
    add::<dispute::Disputed>(&mut all);
    add::<authenticators::Authenticators>(&mut all);
    add::<authenticators::OneAuthenticator>(&mut all);
    add::<lock::LockAccount>(&mut all);
    add::<lock::Locked>(&mut all);
    add::<lock::Unlock>(&mut all);
    add::<security::Security>(&mut all);
    add::<security::ChangePassword>(&mut all);
    add::<security::EnrolTotp>(&mut all);
    add::<recovery_code::RecoveryCodes>(&mut all);
    all
}

fn add<P: Page + 'static>(all: &mut Vec<(&'static str, Box<dyn Page>)>) {
    all.extend(
        P::samples().into_iter().map(|(name, page)| (name, Box::new(page) as Box<dyn Page>)),
    );
}
