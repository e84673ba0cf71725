//! One file becomes one policy, or a list of everything wrong with it.
//!
//! Every key is taken before any result is looked at, so that one fault does not hide the next.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;

use identity_core::AuthenticatorKind;
use identity_core::account::LockReason;
use identity_core::authenticator::FactorCategory;
use identity_core::evidence::{ProofingPathway, ProofingPieceKind};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::read::{PolicyFault, Section, Source, Span};
use super::{
    Ages, Applies, BASE, BarcodeRule, BiometricRule, CardRule, EvidenceLife, GuardianRule,
    KindRule, LockRule, NamedRequirement, PasswordRule, PathwayRule, PieceRule, Policy, Procedure,
    ResidenceRule, ScopeRule, SimSwapRule, TransactionRule, Tries,
};
use crate::levels::Aal;
use crate::requirement::{CategoryAges, Requirement};
use crate::vector::Levels;

const KINDS: [&str; 13] = [
    "password",
    "totp",
    "recovery_code",
    "sms_code",
    "email_code",
    "passkey",
    "app",
    "identity_card_chip",
    "face",
    "fingerprint",
    "iris",
    "voice",
    "temporary_code",
];
const PIECES: [&str; 4] = ["identity_card", "residence_card", "passport", "birth_certificate"];
const PATHWAYS: [&str; 3] =
    ["remote_face_capture", "in_person_biometric", "through_representative"];
const LOCKS: [&str; 7] = [
    "holder_request",
    "breach_of_terms",
    "card_revoked_or_held",
    "authority_request",
    "travel_document_expired",
    "residence_expired",
    "suspected_misuse",
];

pub(super) fn policy(file: &str, text: &str) -> Result<Policy, Vec<PolicyFault>> {
    let source = Source::new(file, text);
    let policy = whole(source.root());
    let faults = source.into_faults();
    match policy {
        Some(policy) if faults.is_empty() => Ok(policy),
        Some(_) | None => Err(faults),
    }
}

fn whole(mut root: Section<'_, '_>) -> Option<Policy> {
    let version = root.required("version");
    let valid_from = root.required("valid_from");
    let valid_to = root.optional("valid_to");
    let source = root.required("source");
    let password = root.section("password").and_then(password);
    let evidence_life = root.section("evidence_life").and_then(evidence_life);
    let ages = root.section("ages").and_then(ages);
    let guardian = root.section("guardian").and_then(guardian);
    let card = root.section("card").and_then(card);
    let residence = root.section("residence").and_then(residence);
    let biometrics = root.section("biometrics").and_then(biometrics);
    let barcode = root.section("barcode").and_then(barcode);
    let sim_swap = root.section("sim_swap").and_then(sim_swap);
    let kinds = all_named(root.section("kinds"), &KINDS, kind);
    let pieces = all_named(root.section("pieces"), &PIECES, piece);
    let pathways = all_named(root.section("pathways"), &PATHWAYS, pathway);
    let locks = all_named(root.section("locks"), &LOCKS, lock);
    let requirements = requirements(root.section("requirements"));
    let scopes = scopes(root.section("scopes"), &requirements);
    let transactions = transactions(root.array("transactions"), &requirements);
    let procedures = procedures(root.array("procedures"));
    root.finish();
    Some(Policy {
        version: version?,
        valid_from: valid_from?,
        valid_to: valid_to?,
        source: source?,
        password: password?,
        evidence_life: evidence_life?,
        ages: ages?,
        guardian: guardian?,
        card: card?,
        residence: residence?,
        biometrics: biometrics?,
        barcode: barcode?,
        sim_swap: sim_swap?,
        pieces,
        pathways,
        locks,
        kinds,
        requirements,
        scopes,
        transactions,
        procedures,
    })
}

fn password(mut section: Section<'_, '_>) -> Option<PasswordRule> {
    let minimum_alone = section.required("minimum_alone");
    let minimum_with_second_factor = section.required("minimum_with_second_factor");
    let source = section.required("source");
    let shorter_alone = minimum_alone.zip(minimum_with_second_factor).is_some_and(|(a, b)| a < b);
    if shorter_alone {
        section.fault("a password that stands alone may not be shorter than one that does not");
    }
    section.finish();
    Some(PasswordRule {
        minimum_alone: minimum_alone?,
        minimum_with_second_factor: minimum_with_second_factor?,
        source: source?,
    })
}

fn evidence_life(mut section: Section<'_, '_>) -> Option<EvidenceLife> {
    let knowledge = section.required::<Span>("knowledge");
    let possession = section.required::<Span>("possession");
    let inherence = section.required::<Span>("inherence");
    let clock_tolerance = section.required::<Span>("clock_tolerance");
    let source = section.required("source");
    section.finish();
    Some(EvidenceLife {
        knowledge: knowledge?.0,
        possession: possession?.0,
        inherence: inherence?.0,
        clock_tolerance: clock_tolerance?.0,
        source: source?,
    })
}

fn ages(mut section: Section<'_, '_>) -> Option<Ages> {
    let second_level_from = section.required("second_level_from");
    let acts_alone_from = section.required("acts_alone_from");
    let adult_from = section.required("adult_from");
    let source = section.required("source");
    let known: Vec<u8> =
        [second_level_from, acts_alone_from, adult_from].into_iter().flatten().collect();
    if !known.is_sorted() {
        section.fault("ages must rise from second_level_from over acts_alone_from to adult_from");
    }
    section.finish();
    Some(Ages {
        second_level_from: second_level_from?,
        acts_alone_from: acts_alone_from?,
        adult_from: adult_from?,
        source: source?,
    })
}

fn guardian(mut section: Section<'_, '_>) -> Option<GuardianRule> {
    let approval_life = section.required::<Span>("approval_life");
    let source = section.required("source");
    section.finish();
    Some(GuardianRule { approval_life: approval_life?.0, source: source? })
}

fn card(mut section: Section<'_, '_>) -> Option<CardRule> {
    let account_level_without = section.required("account_level_without");
    let source = section.required("source");
    section.finish();
    Some(CardRule { account_level_without: account_level_without?, source: source? })
}

fn residence(mut section: Section<'_, '_>) -> Option<ResidenceRule> {
    let expired = section.required("expired");
    let source = section.required("source");
    section.finish();
    Some(ResidenceRule { expired: expired?, source: source? })
}

fn barcode(mut section: Section<'_, '_>) -> Option<BarcodeRule> {
    let decree_counts_as = section.required("decree_counts_as");
    let source = section.required("source");
    section.finish();
    Some(BarcodeRule { decree_counts_as: decree_counts_as?, source: source? })
}

fn sim_swap(mut section: Section<'_, '_>) -> Option<SimSwapRule> {
    let window = section.required::<Span>("window");
    let unanswered = section.or_default("unanswered");
    let source = section.required("source");
    section.finish();
    Some(SimSwapRule { window: window?.0, unanswered: unanswered?, source: source? })
}

fn biometrics(mut section: Section<'_, '_>) -> Option<BiometricRule> {
    let false_match_per_billion = section.required("false_match_per_billion");
    let presentation_attack_checked = section.required("presentation_attack_checked");
    let device_window = section.required::<Span>("device_window");
    let tries = tries_of(&mut section, "tries", Tries::MOST);
    let with_detection = tries_of(&mut section, "tries_with_detection", Tries::MOST_WITH_DETECTION);
    let source = section.required("source");
    section.finish();
    Some(BiometricRule {
        false_match_per_billion: false_match_per_billion?,
        presentation_attack_checked: presentation_attack_checked?,
        device_window: device_window?.0,
        tries: tries?,
        tries_with_detection: with_detection?,
        source: source?,
    })
}

/// A policy may be stricter than the standard, and says nothing where it is not.
fn tries_of(section: &mut Section<'_, '_>, key: &str, most: Tries) -> Option<Tries> {
    let Some(written) = section.optional::<WrittenTries>(key)? else { return Some(most) };
    let tries = Tries { free: written.free, delay: written.delay.0, limit: written.limit };
    if !tries.as_strict_as(most) {
        section.fault(format_args!("`{key}` allows more than SP 800-63B-4 §3.2.3"));
    }
    Some(tries)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTries {
    free: u32,
    delay: Span,
    limit: u32,
}

fn kind(kind: AuthenticatorKind, mut section: Section<'_, '_>) -> Option<KindRule> {
    let vn_at_most = section.required("vn_at_most");
    let aal_at_most = section.required("aal_at_most");
    let friction = section.required("friction");
    let source = section.required("source");
    if kind.is_restricted() && aal_at_most > Some(Aal::Aal2) {
        section.fault("a restricted method may not contribute above AAL2 (SP 800-63B-4 §3.2.9)");
    }
    section.finish();
    Some(KindRule {
        vn_at_most: vn_at_most?,
        aal_at_most: aal_at_most?,
        friction: friction?,
        source: source?,
    })
}

fn piece(_: ProofingPieceKind, mut section: Section<'_, '_>) -> Option<PieceRule> {
    let strength = section.required("strength");
    let source = section.required("source");
    section.finish();
    Some(PieceRule { strength: strength?, source: source? })
}

fn pathway(_: ProofingPathway, mut section: Section<'_, '_>) -> Option<PathwayRule> {
    let ial_at_most = section.required("ial_at_most");
    let eidas_at_most = section.required("eidas_at_most");
    let iso_at_most = section.required("iso_at_most");
    let source = section.required("source");
    section.finish();
    Some(PathwayRule {
        ial_at_most: ial_at_most?,
        eidas_at_most: eidas_at_most?,
        iso_at_most: iso_at_most?,
        source: source?,
    })
}

fn lock(_: LockReason, mut section: Section<'_, '_>) -> Option<LockRule> {
    let lifted_by = section.required("lifted_by");
    let source = section.required("source");
    section.finish();
    Some(LockRule { lifted_by: lifted_by?, source: source? })
}

fn requirements(section: Option<Section<'_, '_>>) -> BTreeMap<String, NamedRequirement> {
    let Some(section) = section else { return BTreeMap::new() };
    if !section.holds(BASE) {
        section.fault(format_args!("missing table `requirements.{BASE}`"));
    }
    let named = section.sections().into_iter();
    named.filter_map(|(name, section)| Some((name, requirement(section)?))).collect()
}

fn requirement(mut section: Section<'_, '_>) -> Option<NamedRequirement> {
    let minimum = levels(&mut section);
    let max_age = section.optional::<Span>("max_age");
    let knowledge = section.optional::<Span>("max_age_knowledge");
    let possession = section.optional::<Span>("max_age_possession");
    let inherence = section.optional::<Span>("max_age_inherence");
    let biometric_kinds = section.optional::<BTreeSet<AuthenticatorKind>>("biometric_kinds");
    let demands = section.or_default("demands");
    let cool_down = section.optional::<Span>("cool_down");
    let source = section.required("source");
    let biometric_only = |kinds: &BTreeSet<AuthenticatorKind>| {
        kinds.iter().all(|kind| kind.category() == FactorCategory::Inherence)
    };
    if !biometric_kinds.iter().flatten().all(biometric_only) {
        section.fault("biometric_kinds may name biometrics only");
    }
    section.finish();
    let requirement = Requirement {
        minimum: minimum?,
        max_age: max_age?.map(|span| span.0),
        max_age_by_category: CategoryAges {
            knowledge: knowledge?.map(|span| span.0),
            possession: possession?.map(|span| span.0),
            inherence: inherence?.map(|span| span.0),
        },
        biometric_kinds: biometric_kinds?,
        demands: demands?,
        cool_down: cool_down?.map(|span| span.0),
    };
    Some(NamedRequirement { requirement, source: source? })
}

fn levels(section: &mut Section<'_, '_>) -> Option<Levels> {
    let vn_authentication = section.or_default("vn_authentication");
    let vn_account = section.or_default("vn_account");
    let aal = section.or_default("aal");
    let ial = section.or_default("ial");
    let eidas = section.or_default("eidas");
    let iso = section.or_default("iso_29115");
    let fal = section.or_default("fal");
    Some(Levels {
        vn_authentication: vn_authentication?,
        vn_account: vn_account?,
        aal: aal?,
        ial: ial?,
        eidas: eidas?,
        iso: iso?,
        fal: fal?,
    })
}

/// A requirement by name. A name that is not there would leave what it should guard unguarded.
fn reference(
    section: &mut Section<'_, '_>,
    requirements: &BTreeMap<String, NamedRequirement>,
) -> Option<String> {
    let name: String = section.required("requirement")?;
    if requirements.contains_key(&name) {
        return Some(name);
    }
    section.fault(format_args!("there is no requirement `{name}`"));
    None
}

fn scopes(
    section: Option<Section<'_, '_>>,
    requirements: &BTreeMap<String, NamedRequirement>,
) -> BTreeMap<String, ScopeRule> {
    let Some(section) = section else { return BTreeMap::new() };
    let named = section.sections().into_iter();
    named
        .filter_map(|(scope, mut section)| {
            let requirement = reference(&mut section, requirements);
            let source = section.required("source");
            section.finish();
            Some((scope, ScopeRule { requirement: requirement?, source: source? }))
        })
        .collect()
}

fn transactions(
    sections: Vec<Section<'_, '_>>,
    requirements: &BTreeMap<String, NamedRequirement>,
) -> Vec<TransactionRule> {
    let rule = |mut section: Section<'_, '_>| {
        let kind = section.required("kind");
        let from_amount = section.optional("from_amount");
        let above_day_total = section.optional("above_day_total");
        let on_new_device = section.or_default("on_new_device");
        let requirement = reference(&mut section, requirements);
        let source = section.required("source");
        section.finish();
        let applies = Applies {
            from_amount: from_amount?,
            above_day_total: above_day_total?,
            on_new_device: on_new_device?,
        };
        Some(TransactionRule { kind: kind?, applies, requirement: requirement?, source: source? })
    };
    sections.into_iter().filter_map(rule).collect()
}

fn procedures(sections: Vec<Section<'_, '_>>) -> Vec<Procedure> {
    let mut codes = BTreeSet::new();
    let mut numbers = BTreeSet::new();
    let mut procedures = Vec::with_capacity(sections.len());
    for mut section in sections {
        if let Some(procedure) = procedure(&mut section) {
            let own_code = codes.insert(procedure.code.clone());
            let own_number = numbers.insert(procedure.number);
            if !(own_code && own_number) {
                section.fault("code and number of a procedure must be its own");
            }
            procedures.push(procedure);
        }
        section.finish();
    }
    procedures.sort_by_key(|procedure| procedure.number);
    procedures
}

fn procedure(section: &mut Section<'_, '_>) -> Option<Procedure> {
    let code = section.required("code");
    let number = section.required("number");
    let name_vi = section.required("name_vi");
    let name_en = section.required("name_en");
    let lead_vi = section.required("lead_vi");
    let service_level = section.required("service_level");
    let account_level = section.required("account_level");
    let authentication_level = section.required("authentication_level");
    let guardian = section.or_default("guardian");
    let organisation = section.or_default("organisation");
    let signature = section.or_default("signature");
    let source = section.required("source");
    if service_level.is_some_and(|level| !(3..=4).contains(&level)) {
        section.fault("service_level must be 3 or 4");
    }
    Some(Procedure {
        code: code?,
        number: number?,
        name_vi: name_vi?,
        name_en: name_en?,
        lead_vi: lead_vi?,
        service_level: service_level?,
        account_level: account_level?,
        authentication_level: authentication_level?,
        guardian: guardian?,
        organisation: organisation?,
        signature: signature?,
        source: source?,
    })
}

/// A table with one entry for every name there is: what a policy does not mention, nobody has judged.
fn all_named<K, V>(
    section: Option<Section<'_, '_>>,
    all: &[&str],
    read: impl Fn(K, Section<'_, '_>) -> Option<V>,
) -> HashMap<K, V>
where
    K: Eq + Hash + Copy + DeserializeOwned,
{
    let Some(section) = section else { return HashMap::new() };
    for name in all {
        if !section.holds(name) {
            section.fault(format_args!("missing table `{}`", section.name(name)));
        }
    }
    let entries = section.sections().into_iter();
    entries
        .filter_map(|(name, section)| {
            let key = section.named::<K>(&name)?;
            Some((key, read(key, section)?))
        })
        .collect()
}
