//! Which claims a scope stands for (OpenID Connect Core §5.4) and what Vietnamese portals know them
//! as (claims seen at the National Public Service Portal, domain.md §5.3).

use crate::ScopeSet;

/// Claims of every ID token and userinfo answer, whatever the scope: who, and how sure.
/// `sub` is what portals store as `TechID`: opaque, stable, and different for every sector.
pub const ALWAYS: [&str; 2] = ["sub", "assurance"];

/// Claims only an ID token carries.
pub const ID_TOKEN: [&str; 9] =
    ["iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid"];

/// One scope and what it releases from userinfo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScopeClaims {
    pub scope: &'static str,
    pub claims: &'static [&'static str],
}

/// All scopes the provider knows.
pub const SCOPES: [ScopeClaims; 8] = [
    ScopeClaims { scope: "openid", claims: &[] },
    ScopeClaims {
        scope: "profile",
        claims: &[
            // HoVaTen: one string in Vietnamese order, family name first.
            "name",
            "family_name",
            "middle_name",
            "given_name",
            // GioiTinh
            "gender",
            // NgayThangNamSinh, written yyyyMMdd there and yyyy-MM-dd here.
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
    },
    // ThuDienTu
    ScopeClaims { scope: "email", claims: &["email", "email_verified"] },
    // SoDienThoai
    ScopeClaims { scope: "phone", claims: &["phone_number", "phone_number_verified"] },
    // NoiOHienNay: where the person lives now.
    ScopeClaims { scope: "address", claims: &["address"] },
    ScopeClaims { scope: "offline_access", claims: &[] },
    ScopeClaims {
        scope: "vn_identity",
        claims: &[
            VN_PERSONAL_NUMBER,
            VN_ACCOUNT_TYPE,
            VN_ACCOUNT_LEVEL,
            VN_AUTHENTICATION_LEVEL,
            VN_NATIONALITY,
        ],
    },
    ScopeClaims { scope: "vn_legacy_identity", claims: &[VN_LEGACY_NUMBER] },
];

/// SoDinhDanh: the 12-digit personal identification number. It can change; key nothing by it.
pub const VN_PERSONAL_NUMBER: &str = "vn_personal_number";
/// LoaiTaiKhoan: `citizen` (1 there) or `foreigner`; organisations (2 there) have no account yet.
pub const VN_ACCOUNT_TYPE: &str = "vn_account_type";
/// IAL as Vietnamese portals use the word: account level 1 or 2 (Decree 69/2024 art. 7).
pub const VN_ACCOUNT_LEVEL: &str = "vn_account_level";
/// loAs: authentication level 1 to 4 of this login (Decree 69/2024 art. 20).
pub const VN_AUTHENTICATION_LEVEL: &str = "vn_authentication_level";
/// SoCMND: the nine-digit number of the identity card before 2021, for old files only.
pub const VN_LEGACY_NUMBER: &str = "vn_legacy_number";
/// QuocTich
pub const VN_NATIONALITY: &str = "vn_nationality";

/// The rules under which identities are proven here (`trust_framework` of OpenID Connect for Identity
/// Assurance): Decree 69/2024/NĐ-CP. `assurance_level` is the account level.
pub const TRUST_FRAMEWORK: &str = "urn:vn:eid:decree-69-2024";

/// What proofing verifies: the claims that can be asked for in `verified_claims`.
pub const VERIFIABLE: [&str; 8] = [
    "name",
    "family_name",
    "middle_name",
    "given_name",
    "gender",
    "birthdate",
    VN_PERSONAL_NUMBER,
    VN_NATIONALITY,
];

/// The claims a scope releases; `None` for a scope we do not know.
pub fn claims_of(scope: &str) -> Option<&'static [&'static str]> {
    SCOPES.iter().find(|known| known.scope == scope).map(|known| known.claims)
}

/// Every claim the granted scopes release, in the table's order, `sub` and `assurance` first.
pub fn claims_for(granted: &ScopeSet) -> impl Iterator<Item = &'static str> {
    let released = SCOPES.iter().filter(|known| granted.contains(known.scope));
    ALWAYS.into_iter().chain(released.flat_map(|known| known.claims.iter().copied()))
}

/// The scope that would release `claim`, so that consent to a single claim can be explained.
pub fn scope_of(claim: &str) -> Option<&'static str> {
    SCOPES.iter().find(|known| known.claims.contains(&claim)).map(|known| known.scope)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_claim_belongs_to_exactly_one_place() {
        let all: Vec<_> = SCOPES
            .iter()
            .flat_map(|known| known.claims.iter().copied())
            .chain(ALWAYS)
            .chain(ID_TOKEN)
            .collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        assert!(SCOPES.iter().all(|known| ScopeSet::parse(known.scope).is_ok()));
    }

    #[test]
    fn scopes_release_their_claims_and_no_others() {
        let granted = ScopeSet::parse("openid email vn_identity strange").unwrap();
        let claims: Vec<_> = claims_for(&granted).collect();
        assert_eq!(
            claims,
            [
                "sub",
                "assurance",
                "email",
                "email_verified",
                "vn_personal_number",
                "vn_account_type",
                "vn_account_level",
                "vn_authentication_level",
                "vn_nationality"
            ]
        );
        assert_eq!(scope_of("birthdate"), Some("profile"));
        assert_eq!(scope_of("shoe_size"), None);
        assert_eq!(claims_of("strange"), None);
    }
}
