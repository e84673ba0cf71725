//! Sentences about what was proven and with what. In each pair Vietnamese first, then English.

use super::Sentences;

pub(super) const TABLE: &[Sentences] = &[
    Sentences {
        code: "FACTOR_MISSING",
        citizen: ["Cần thêm một cách chứng minh: {}.", "One more proof is needed: {}."],
        relying_party: ["Thiếu một nhân tố xác thực.", "An authentication factor is missing."],
        auditor: ["Thiếu nhân tố: {}.", "Missing factor category: {}."],
    },
    Sentences {
        code: "STALE",
        citizen: [
            "Lần xác nhận trước ({}) đã quá lâu, hãy xác nhận lại.",
            "You proved this ({}) too long ago. Please do it again.",
        ],
        relying_party: [
            "Bằng chứng xác thực đã quá hạn cho yêu cầu này.",
            "The proof is too old for this request.",
        ],
        auditor: [
            "Nhân tố {}: đã {has} giây, giới hạn {needs} giây.",
            "Factor {}: {has} s old, limit {needs} s.",
        ],
    },
    Sentences {
        code: "PASSWORD_TOO_SHORT_ALONE",
        citizen: [
            "Mật khẩu ngắn cần đi cùng một phương thức thứ hai.",
            "A short password needs a second method beside it.",
        ],
        relying_party: [
            "Mật khẩu không đủ dài để dùng một mình.",
            "The password is too short to stand alone.",
        ],
        auditor: [
            "Mật khẩu ngắn hơn mức dùng một mình (SP 800-63B-4 §3.1.1).",
            "Password below the length for single use (SP 800-63B-4 §3.1.1).",
        ],
    },
    Sentences {
        code: "RESTRICTED_NOT_ALLOWED",
        citizen: ["{} không được chấp nhận cho việc này.", "This does not accept: {}."],
        relying_party: [
            "Phương thức hạn chế không được chấp nhận.",
            "A restricted method is not accepted.",
        ],
        auditor: [
            "Phương thức hạn chế bị loại: {} (SP 800-63B-4 §3.2.9).",
            "Restricted method left out: {} (SP 800-63B-4 §3.2.9).",
        ],
    },
    Sentences {
        code: "AUTHENTICATOR_WITHDRAWN",
        citizen: ["{} đã được báo mất hoặc gỡ bỏ.", "Reported lost, or removed: {}."],
        relying_party: ["Một phương thức đã bị thu hồi.", "A method was withdrawn."],
        auditor: [
            "Bằng chứng bằng {} không còn giá trị sau khi bị thu hồi.",
            "Proof by {} no longer counts: the authenticator was withdrawn.",
        ],
    },
    Sentences {
        code: "NOT_PHISHING_RESISTANT",
        citizen: ["Cần khóa truy cập hoặc khóa bảo mật.", "A passkey or a security key is needed."],
        relying_party: [
            "Thiếu phương thức chống lừa đảo.",
            "No phishing-resistant method was used.",
        ],
        auditor: ["Yêu cầu chống lừa đảo không đạt.", "Demand for phishing resistance not met."],
    },
    Sentences {
        code: "DEVICE_UNBOUND",
        citizen: [
            "Hãy dùng thiết bị đã gắn với tài khoản của bạn.",
            "Please use a device that is bound to your account.",
        ],
        relying_party: ["Không có khóa của thiết bị đã gắn.", "No key of a bound device was used."],
        auditor: [
            "Không có khóa thiết bị đã gắn trong cùng giao dịch (L5).",
            "No bound device's key in the same transaction (L5).",
        ],
    },
    Sentences {
        code: "DEVICE_COMPROMISED",
        citizen: [
            "Thiết bị này không an toàn để xác thực.",
            "This device is not safe to prove with.",
        ],
        relying_party: ["Thiết bị không đáng tin.", "The device is not trustworthy."],
        auditor: [
            "Chứng thực thiết bị: bị can thiệp; bằng chứng bị loại.",
            "Attestation verdict: compromised; the proof is left out.",
        ],
    },
    Sentences {
        code: "ATTESTATION_MISSING",
        citizen: [
            "Thiết bị của bạn cần được kiểm tra lại trong ứng dụng.",
            "Your device has to be checked again in the app.",
        ],
        relying_party: ["Thiết bị chưa được chứng thực.", "The device is not attested."],
        auditor: [
            "Không có chứng thực thiết bị còn hiệu lực.",
            "No attestation in force for the bound device.",
        ],
    },
    Sentences {
        code: "INTENT_MISSING",
        citizen: ["Hãy xác nhận bằng một thao tác.", "Please confirm by doing something yourself."],
        relying_party: [
            "Không có hành động xác nhận của người dùng.",
            "The person did not have to act.",
        ],
        auditor: ["Yêu cầu thể hiện ý chí không đạt.", "Demand for intent not met."],
    },
    Sentences {
        code: "FMR_TOO_HIGH",
        citizen: [
            "Kết quả so khớp sinh trắc chưa đủ tin cậy.",
            "The biometric comparison was not exact enough.",
        ],
        relying_party: ["So khớp sinh trắc không đủ chặt.", "The biometric comparison is too lax."],
        auditor: [
            "Tỷ lệ khớp sai vượt chính sách hoặc không được ghi (L5).",
            "False-match rate above policy, or not recorded (L5).",
        ],
    },
    Sentences {
        code: "MATCH_FAILED",
        citizen: ["Sinh trắc không khớp.", "The biometric did not match."],
        relying_party: ["So khớp sinh trắc không đạt.", "The biometric comparison failed."],
        auditor: [
            "Điểm dưới ngưỡng hoặc sai loại sinh trắc; bằng chứng bị loại.",
            "Score below threshold or wrong modality; the proof is left out.",
        ],
    },
    Sentences {
        code: "PAD_MISSING",
        citizen: [
            "Chưa xác nhận được đây là người thật.",
            "It could not be made sure that a living person was there.",
        ],
        relying_party: [
            "Thiếu kiểm tra tấn công trình diện.",
            "Presentation attack detection is missing.",
        ],
        auditor: [
            "Không có kết quả phát hiện tấn công trình diện (L5).",
            "No passed presentation attack detection (L5).",
        ],
    },
    Sentences {
        code: "INJECTION_CHECK_MISSING",
        citizen: [
            "Không xác nhận được hình ảnh đến từ máy ảnh thật.",
            "It could not be made sure that a real camera was used.",
        ],
        relying_party: [
            "Thiếu kiểm tra chèn dữ liệu sinh trắc.",
            "The check for injected samples is missing.",
        ],
        auditor: [
            "Không có kết quả kiểm tra chèn mẫu (L5).",
            "No passed check for injected samples (L5).",
        ],
    },
    Sentences {
        code: "MODALITY_NOT_ACCEPTED",
        citizen: ["{} không được chấp nhận cho việc này.", "This does not accept: {}."],
        relying_party: [
            "Loại sinh trắc không được chấp nhận.",
            "This kind of biometric is not accepted.",
        ],
        auditor: ["Loại sinh trắc ngoài yêu cầu: {}.", "Modality outside the requirement: {}."],
    },
    Sentences {
        code: "CHIP_NOT_VERIFIED",
        citizen: [
            "Không xác minh được chip của thẻ.",
            "The chip of your card could not be verified.",
        ],
        relying_party: [
            "Chip của giấy tờ chưa được xác minh.",
            "The document's chip was not verified.",
        ],
        auditor: [
            "Thiếu chữ ký cơ quan cấp hoặc xác thực chip (ICAO 9303-11).",
            "Issuer's signature or chip authentication missing (ICAO 9303-11).",
        ],
    },
    Sentences {
        code: "REPLAYED",
        citizen: [
            "Mã này đã được dùng. Hãy xác nhận lại.",
            "This code was used already. Please prove again.",
        ],
        relying_party: ["Bằng chứng đã được dùng trước đó.", "The proof was used before."],
        auditor: [
            "Trùng khóa phát lại với bằng chứng trước; bằng chứng bị loại (L12).",
            "Replay key of earlier evidence; the proof is left out (L12).",
        ],
    },
    Sentences {
        code: "NOT_FOR_TRANSACTION",
        citizen: [
            "Hãy xác nhận riêng cho giao dịch này.",
            "Please confirm for this very transaction.",
        ],
        relying_party: [
            "Bằng chứng không gắn với giao dịch này.",
            "The proof is not bound to this transaction.",
        ],
        auditor: [
            "{}: không gắn với giao dịch đang xét (L12).",
            "{}: not bound to the transaction in question (L12).",
        ],
    },
    Sentences {
        code: "SIM_SWAPPED",
        citizen: [
            "Số điện thoại vừa đổi SIM, mã tin nhắn tạm thời không dùng được.",
            "Your number moved to another SIM. Codes by text message do not count for now.",
        ],
        relying_party: [
            "Mã tin nhắn không được chấp nhận do vừa đổi SIM.",
            "Codes by text message do not count after a SIM change.",
        ],
        auditor: [
            "Mã SMS nhận trong thời hạn sau khi đổi SIM; bị loại (trường hợp 22).",
            "Code received within the window after a SIM swap; left out (edge case 22).",
        ],
    },
    Sentences {
        code: "BOUND_RECENTLY",
        citizen: [
            "{} vừa được thêm, chưa dùng được cho việc này.",
            "Added too recently for this: {}.",
        ],
        relying_party: [
            "Phương thức mới gắn, chưa đủ thời gian chờ.",
            "The method was bound too recently.",
        ],
        auditor: [
            "{}: gắn chưa đủ lâu hoặc không rõ thời điểm (trường hợp 21).",
            "{}: bound too recently, or unknown when (edge case 21).",
        ],
    },
    Sentences {
        code: "RECOVERY_METHOD",
        citizen: ["{} chỉ dùng để lấy lại tài khoản.", "Only for getting an account back: {}."],
        relying_party: [
            "Phương thức khôi phục không được chấp nhận.",
            "Means of recovery are not accepted.",
        ],
        auditor: [
            "{}: phương thức khôi phục, bị loại ở yêu cầu có thời gian chờ.",
            "{}: means of recovery, left out where a cool-down stands.",
        ],
    },
    Sentences {
        code: "RECOVERED_RECENTLY",
        citizen: [
            "Tài khoản vừa được khôi phục, hãy thử lại sau.",
            "Your account was recovered recently. Please try again later.",
        ],
        relying_party: [
            "Tài khoản vừa được khôi phục, chưa đủ thời gian chờ.",
            "The account was recovered too recently.",
        ],
        auditor: [
            "Khôi phục cách đây {has} giây, phải chờ {needs} giây (trường hợp 21).",
            "Recovered {has} s ago, {needs} s must pass (edge case 21).",
        ],
    },
];
