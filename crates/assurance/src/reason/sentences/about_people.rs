//! Sentences about who somebody is, for whom they act, and how much was reached. In each pair Vietnamese first, then English.

use super::Sentences;

pub(super) const TABLE: &[Sentences] = &[
    Sentences {
        code: "SUBJECT_DECEASED",
        citizen: [
            "Hồ sơ ghi nhận chủ tài khoản đã mất.",
            "The records say that the holder of this account has died.",
        ],
        relying_party: [
            "Không thể xác thực: chủ thể không còn.",
            "Cannot be authenticated: the subject is recorded as deceased.",
        ],
        auditor: [
            "Chủ thể được ghi nhận đã chết; mọi mức về không (L10).",
            "Subject recorded as deceased; the vector is bottom (L10).",
        ],
    },
    Sentences {
        code: "ACCOUNT_LOCKED",
        citizen: ["Tài khoản của bạn đang bị khóa.", "Your account is locked."],
        relying_party: [
            "Tài khoản của người dùng đang bị khóa.",
            "The person's account is locked.",
        ],
        auditor: ["Tài khoản bị khóa, căn cứ: {}.", "Account locked, ground: {}."],
    },
    Sentences {
        code: "ACCOUNT_NOT_ACTIVATED",
        citizen: [
            "Tài khoản chưa được kích hoạt trong ứng dụng.",
            "Your account has not been activated in the app yet.",
        ],
        relying_party: ["Tài khoản chưa kích hoạt.", "The account is not activated."],
        auditor: [
            "Tài khoản đã cấp nhưng chưa kích hoạt (NĐ 69/2024 Đ.14).",
            "Account issued and not activated (Decree 69/2024 art. 14).",
        ],
    },
    Sentences {
        code: "GUARDIAN_APPROVAL_NEEDED",
        citizen: [
            "Cần người đại diện đồng ý trong ứng dụng của họ.",
            "Your representative has to consent in their app.",
        ],
        relying_party: [
            "Cần sự đồng ý của người đại diện.",
            "A representative's consent is needed.",
        ],
        auditor: [
            "Không có sự đồng ý còn hiệu lực của người đại diện (NĐ 69/2024 Đ.14).",
            "No representative's approval in force (Decree 69/2024 art. 14).",
        ],
    },
    Sentences {
        code: "GUARDIAN_NOT_ENTITLED",
        citizen: [
            "Người đã đồng ý hiện không phải là người đại diện của bạn.",
            "The person who consented does not represent you now.",
        ],
        relying_party: [
            "Người đồng ý không có quyền đại diện.",
            "Whoever consented is not entitled to represent the person.",
        ],
        auditor: [
            "Không có quan hệ đại diện còn hiệu lực với người đồng ý.",
            "No representation by the approving subject is in force.",
        ],
    },
    Sentences {
        code: "GUARDIAN_SCOPE",
        citizen: [
            "Người đại diện không được làm việc này thay bạn.",
            "Your representative may not do this for you.",
        ],
        relying_party: [
            "Việc này nằm ngoài phạm vi đại diện.",
            "This lies outside the representation.",
        ],
        auditor: [
            "Phạm vi đại diện, sự đồng ý hoặc thủ tục không cho phép.",
            "Representation, approval or procedure does not cover the use.",
        ],
    },
    Sentences {
        code: "WARD_REPRESENTED",
        citizen: [
            "Người đại diện thực hiện thay; phương thức của bạn không dùng ở đây.",
            "Your representative acts for you; your own methods are not used.",
        ],
        relying_party: [
            "Người đại diện thực hiện thay người dùng.",
            "The representative acts in the person's place.",
        ],
        auditor: [
            "Phương thức của người được giám hộ bị đóng băng (trường hợp 17).",
            "The ward's own authenticators are frozen (edge case 17).",
        ],
    },
    Sentences {
        code: "CARD_EXPIRED",
        citizen: ["Thẻ của bạn hết hạn từ ngày {}.", "Your card stopped being valid on {}."],
        relying_party: [
            "Giấy tờ làm căn cứ của tài khoản đã hết hạn.",
            "The document that the account rests on has expired.",
        ],
        auditor: [
            "Giấy tờ hết giá trị từ {}; mức tài khoản hạ ngay (L9).",
            "Document not valid from {} on; level falls at once (L9).",
        ],
    },
    Sentences {
        code: "CARD_MISSING",
        citizen: [
            "Chưa có thẻ căn cước gắn với tài khoản.",
            "No identity card is recorded with your account.",
        ],
        relying_party: [
            "Tài khoản không có giấy tờ làm căn cứ.",
            "The account has no document to rest on.",
        ],
        auditor: [
            "Tài khoản mức 2 không có thẻ; hạ mức (NĐ 69/2024 Đ.15).",
            "Level 2 account without its card; lowered (Decree 69/2024 art. 15).",
        ],
    },
    Sentences {
        code: "RESIDENCE_EXPIRED",
        citizen: [
            "Thẻ cư trú của bạn hết hạn từ ngày {}.",
            "Your residence card stopped being valid on {}.",
        ],
        relying_party: [
            "Tài khoản người nước ngoài bị khóa do hết hạn cư trú.",
            "The foreigner's account is locked: residence has ended.",
        ],
        auditor: [
            "Cư trú hết hạn từ {}; khóa tài khoản (NĐ 69/2024 Đ.15.2).",
            "Residence ended on {}; account locked (Decree 69/2024 art. 15.2).",
        ],
    },
    Sentences {
        code: "AGE_BELOW",
        citizen: [
            "Việc này dành cho người từ {} tuổi.",
            "This is for people of {} years and older.",
        ],
        relying_party: [
            "Người dùng chưa đủ tuổi cho mức tài khoản này.",
            "The person is too young for this account level.",
        ],
        auditor: [
            "Chưa đủ {} tuổi cho tài khoản mức 2 (NĐ 69/2024 Đ.7).",
            "Under {} years: no account of level 2 (Decree 69/2024 art. 7).",
        ],
    },
    Sentences {
        code: "MANDATE_MISSING",
        citizen: [
            "Việc này chỉ làm được nhân danh tổ chức.",
            "This can only be done for an organisation.",
        ],
        relying_party: [
            "Cần giấy ủy quyền của tổ chức.",
            "A mandate of an organisation is needed.",
        ],
        auditor: [
            "Thủ tục chỉ dành cho tổ chức, không có ủy quyền (trường hợp 26).",
            "For organisations only, and no mandate given (edge case 26).",
        ],
    },
    Sentences {
        code: "MANDATE_NOT_IN_FORCE",
        citizen: [
            "Ủy quyền của bạn cho tổ chức này hiện không có hiệu lực.",
            "Your mandate for this organisation is not in force.",
        ],
        relying_party: ["Ủy quyền không còn hiệu lực.", "The mandate is not in force."],
        auditor: [
            "Ủy quyền của người khác, chưa bắt đầu hoặc đã hết.",
            "Mandate of another person, not begun, or over.",
        ],
    },
    Sentences {
        code: "MANDATE_SCOPE",
        citizen: ["Ủy quyền của bạn không bao gồm việc này.", "Your mandate does not cover this."],
        relying_party: ["Việc này nằm ngoài phạm vi ủy quyền.", "This lies outside the mandate."],
        auditor: [
            "Phạm vi ủy quyền hoặc thủ tục không cho phép.",
            "Mandate or procedure does not cover the use.",
        ],
    },
    Sentences {
        code: "AUTHENTICATION_LEVEL",
        citizen: [
            "Cần xác thực mức {needs}, hiện là mức {has}.",
            "Authentication level {needs} is needed; this is level {has}.",
        ],
        relying_party: [
            "Mức xác thực chưa đạt: {has}, cần {needs}.",
            "Authentication level {has} reached, {needs} needed.",
        ],
        auditor: [
            "Mức xác thực {has} < {needs} (NĐ 69/2024 Đ.20).",
            "Authentication level {has} < {needs} (Decree 69/2024 art. 20).",
        ],
    },
    Sentences {
        code: "ACCOUNT_LEVEL",
        citizen: [
            "Cần tài khoản mức {needs}, hiện là mức {has}.",
            "An account of level {needs} is needed; yours is good for {has}.",
        ],
        relying_party: [
            "Mức tài khoản chưa đạt: {has}, cần {needs}.",
            "Account level {has} reached, {needs} needed.",
        ],
        auditor: [
            "Mức tài khoản {has} < {needs} (NĐ 69/2024 Đ.7).",
            "Account level {has} < {needs} (Decree 69/2024 art. 7).",
        ],
    },
    Sentences {
        code: "AAL",
        citizen: ["Cần cách đăng nhập mạnh hơn.", "A stronger way to log in is needed."],
        relying_party: ["AAL {has}, cần {needs}.", "AAL {has} reached, {needs} needed."],
        auditor: ["Mức AAL {has} < {needs} (SP 800-63B-4).", "AAL {has} < {needs} (SP 800-63B-4)."],
    },
    Sentences {
        code: "IAL",
        citizen: [
            "Danh tính của bạn cần được xác minh ở mức cao hơn.",
            "Your identity has to be proven more strongly.",
        ],
        relying_party: ["IAL {has}, cần {needs}.", "IAL {has} reached, {needs} needed."],
        auditor: ["Mức IAL {has} < {needs} (SP 800-63A-4).", "IAL {has} < {needs} (SP 800-63A-4)."],
    },
    Sentences {
        code: "EIDAS",
        citizen: [
            "Danh tính của bạn cần được xác minh ở mức cao hơn.",
            "Your identity has to be proven more strongly.",
        ],
        relying_party: [
            "Mức eIDAS {has}, cần {needs}.",
            "eIDAS level {has} reached, {needs} needed.",
        ],
        auditor: ["Mức eIDAS {has} < {needs} (2015/1502).", "eIDAS {has} < {needs} (2015/1502)."],
    },
    Sentences {
        code: "ISO",
        citizen: [
            "Danh tính của bạn cần được xác minh ở mức cao hơn.",
            "Your identity has to be proven more strongly.",
        ],
        relying_party: [
            "LoA ISO 29115 {has}, cần {needs}.",
            "ISO 29115 LoA {has} reached, {needs} needed.",
        ],
        auditor: [
            "Mức LoA {has} < {needs} (ISO/IEC 29115).",
            "LoA {has} < {needs} (ISO/IEC 29115).",
        ],
    },
    Sentences {
        code: "FAL",
        citizen: [
            "Trang này chưa được kết nối đủ an toàn cho việc này.",
            "This site is not connected securely enough for this.",
        ],
        relying_party: [
            "FAL {has}, cần {needs}: do đăng ký của hệ thống.",
            "FAL {has}, {needs} needed: your registration decides.",
        ],
        auditor: ["Mức FAL {has} < {needs} (SP 800-63C-4).", "FAL {has} < {needs} (SP 800-63C-4)."],
    },
];
