# Đăng nhập, mã xác thực, chọn tài khoản, đăng xuất.
login-title = Đăng nhập
login-asks = { $party } muốn biết bạn là ai
login-username = Số định danh cá nhân hoặc số điện thoại
login-username-hint = 12 chữ số trên thẻ căn cước, hoặc số điện thoại đã đăng ký
login-password = Mật khẩu
login-submit = Đăng nhập

reason-again = Dịch vụ yêu cầu bạn xác nhận lại danh tính trước khi tiếp tục.
reason-step-up = Thủ tục này cần xác thực mức { $level }.
reason-step-up-party = { $party } cần xác thực mức { $level } cho thủ tục này.

login-problem-username-missing = Nhập số định danh cá nhân hoặc số điện thoại
login-problem-password-missing = Nhập mật khẩu
login-problem-wrong = Thông tin đăng nhập không đúng.
login-problem-wrong-advice = Hãy kiểm tra lại số định danh hoặc số điện thoại và mật khẩu, rồi thử lại.
login-problem-disabled = Mật khẩu này đã bị ngừng sử dụng vì nhập sai quá nhiều lần.
login-problem-disabled-advice = Hãy đến công an cấp xã, mang theo thẻ căn cước, để được cấp lại mật khẩu.

account-not-activated = Tài khoản của bạn chưa được kích hoạt.
account-not-activated-advice = Hãy kích hoạt tài khoản trong ứng dụng định danh. Nếu đã quá 7 ngày kể từ khi nhận thông báo, hãy gọi tổng đài hỗ trợ.
account-locked-by-holder = Tài khoản đang bị khóa theo yêu cầu của bạn.
account-locked-by-holder-advice = Để mở khóa, hãy gửi yêu cầu trong ứng dụng định danh hoặc tại công an cấp xã.
account-locked-by-authority = Tài khoản đang bị khóa.
account-locked-by-authority-advice = Hãy liên hệ công an cấp xã để biết lý do và cách mở khóa.
account-card-expired = Thẻ căn cước của bạn đã hết hạn nên tài khoản tạm khóa.
account-card-expired-advice = Hãy làm thủ tục cấp đổi thẻ. Tài khoản sẽ tự mở khi có thẻ mới.
account-guardian-needed = Việc này cần người giám hộ hoặc người đại diện đồng ý.
account-guardian-needed-advice = Hãy nhờ người đó xác nhận bằng tài khoản của họ, rồi đăng nhập lại.
account-too-weak = Mật khẩu của bạn ngắn nên không đủ để đăng nhập một mình.
account-too-weak-advice = Hãy đến công an cấp xã, mang theo thẻ căn cước, để đặt mật khẩu dài hơn hoặc đăng ký ứng dụng xác thực.
account-closed = Tài khoản này không sử dụng được.
account-closed-advice = Nếu bạn cho rằng có nhầm lẫn, hãy mang giấy tờ tùy thân đến công an cấp xã.

totp-title = Nhập mã xác thực
totp-code = Mã xác thực
totp-code-hint = 6 chữ số đang hiện trong ứng dụng xác thực của bạn
totp-submit = Xác nhận
totp-help = Không dùng được mã?
totp-help-clock = Kiểm tra để điện thoại tự động đặt ngày giờ: mã phụ thuộc vào đồng hồ.
totp-help-lost = Nếu mất điện thoại, hãy đến công an cấp xã để đăng ký lại.
totp-problem-missing = Nhập mã xác thực
totp-problem-malformed = Mã xác thực gồm đúng 6 chữ số
totp-problem-wrong = Mã xác thực không đúng hoặc đã hết hạn. Hãy nhập mã đang hiện.
totp-problem-disabled = Ứng dụng xác thực này đã bị ngừng sử dụng vì nhập sai quá nhiều lần.
totp-problem-disabled-advice = Hãy đến công an cấp xã, mang theo thẻ căn cước, để đăng ký lại.

select-title = Chọn tài khoản
select-another = Dùng tài khoản khác

logout-title = Bạn muốn đăng xuất?
logout-asked = { $party } đề nghị đăng xuất.
logout-everywhere = Bạn sẽ được đăng xuất khỏi mọi dịch vụ đã mở trong trình duyệt này.
logout-list = Bạn sẽ được đăng xuất khỏi:
logout-yes = Đăng xuất
logout-no = Không, ở lại
logged-out-title = Bạn đã đăng xuất
logged-out-plain = Phiên làm việc trên trình duyệt này đã kết thúc.
logged-out-told = Chúng tôi đã báo cho các dịch vụ sau:
logged-out-shared = Nếu dùng máy chung, hãy đóng tất cả cửa sổ trình duyệt.
told-logged-out = Đã đăng xuất
told-not-reached = Chưa liên lạc được
way-back = Quay lại { $party }

choose-title = Chọn cách xác thực
other-ways = Cách khác
method-password = Mật khẩu
method-password-takes = Số định danh cá nhân và mật khẩu của bạn
method-totp = Ứng dụng xác thực
method-totp-takes = Mã 6 chữ số trên điện thoại
method-recovery-code = Mã khôi phục
method-recovery-code-takes = Một mã bạn đã in hoặc ghi lại, mỗi mã dùng một lần

recovery-title = Nhập mã khôi phục
recovery-code = Mã khôi phục
recovery-code-hint = 25 chữ và số, thành 5 nhóm. Không phân biệt chữ hoa, chữ thường. Mỗi mã chỉ dùng được một lần.
recovery-submit = Xác nhận
recovery-problem-missing = Nhập mã khôi phục
recovery-problem-malformed = Mã khôi phục gồm 25 chữ và số
recovery-problem-wrong = Mã khôi phục không đúng hoặc đã được dùng. Hãy dùng mã khác.
recovery-problem-disabled = Bộ mã khôi phục này đã bị ngừng sử dụng vì nhập sai quá nhiều lần.

method-sms-code-takes = Mã 6 chữ số gửi đến số điện thoại đã đăng ký
method-email-code-takes = Mã 6 chữ số gửi đến thư điện tử đã đăng ký
message-title-sms = Mã qua tin nhắn SMS
message-title-email = Mã qua thư điện tử
message-will-send = Chúng tôi sẽ gửi một mã 6 chữ số đến { $address }.
message-send = Gửi mã
message-send-again = Gửi mã khác
message-sent-to = Đã gửi mã đến { $address }. Mã có hiệu lực 10 phút.
message-code = Mã trong tin nhắn
message-code-hint = 6 chữ số. Tin nhắn cho biết mã dùng để làm gì: hãy đọc trước khi nhập.
message-nobody = Không đưa mã này cho bất kỳ ai. Không cơ quan nào gọi điện hỏi mã của bạn.
message-problem-missing = Nhập mã trong tin nhắn
message-problem-malformed = Mã gồm đúng 6 chữ số
message-problem-wrong = Mã không đúng, đã hết hạn hoặc đã được dùng. Hãy nhập lại hoặc lấy mã khác.
message-problem-disabled = Mã qua tin nhắn đã bị ngừng sử dụng vì nhập sai quá nhiều lần.
message-problem-too-many = Đã gửi quá nhiều mã trong một giờ. Hãy chờ rồi thử lại, hoặc dùng cách khác.
message-problem-not-sent = Không gửi được mã. Hãy thử lại sau, hoặc dùng cách khác.

recover-link = Quên mật khẩu?
recover-title = Đặt lại mật khẩu
recover-lead = Chúng tôi gửi mã đến số điện thoại và thư điện tử đã đăng ký của bạn.
recover-send = Gửi mã
recover-problem-name = Số định danh gồm 12 chữ số; số điện thoại gồm 10 chữ số
recover-codes-title = Nhập mã đã nhận
recover-codes-lead = Nếu tài khoản tồn tại, mã đã được gửi đến số điện thoại và thư điện tử đã xác minh. Nhập cả hai mã, hoặc một mã cùng với ứng dụng xác thực hay mã khôi phục.
recover-sms = Mã trong tin nhắn SMS
recover-email = Mã trong thư điện tử
recover-totp = Mã trong ứng dụng xác thực
recover-again = Bắt đầu lại
recover-police = Nếu không còn dùng được các cách này, hãy đến công an cấp xã, mang theo thẻ căn cước.
recover-problem-codes = Các mã chưa đủ hoặc không đúng.
recover-problem-codes-advice = Hãy kiểm tra lại. Cần mã từ hai nơi khác nhau.
recover-password-title = Đặt mật khẩu mới
recover-ends-sessions = Mọi phiên đăng nhập sẽ kết thúc. Một số dịch vụ cần chờ 24 giờ mới dùng lại được.
recover-set = Đặt mật khẩu
recovered-title = Đã đặt mật khẩu mới
recovered-lead = Hãy đăng nhập bằng mật khẩu mới. Chúng tôi đã gửi thông báo đến các địa chỉ của bạn.

outbox-title = Hộp thư đi (chế độ phát triển)
outbox-lead = Những tin nhắn lẽ ra đã được gửi, mới nhất ở trên.
