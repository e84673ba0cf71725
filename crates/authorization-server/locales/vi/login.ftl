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
account-locked-by-holder-advice = Bạn tự mở khóa được bằng cách đăng nhập với hai yếu tố. Nếu không còn đủ hai yếu tố, hãy đến công an cấp xã.
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

method-app = Ứng dụng vneid
method-app-takes = Quét mã QR bằng điện thoại đã ghép với tài khoản

app-title = Đăng nhập bằng ứng dụng
app-scan = Mở ứng dụng vneid trên điện thoại và quét mã này.
app-scan-holder = Mở ứng dụng vneid trên điện thoại của bạn. Yêu cầu có thể đã chờ sẵn ở đó; nếu chưa thấy, hãy quét mã này.
app-picture-alt = Mã QR cho ứng dụng vneid, đổi sau mỗi 5 giây
app-open-here = Ứng dụng ở ngay trên thiết bị này
app-warning = Chỉ quét mã khi chính bạn vừa bấm đăng nhập. Không quét mã do người khác gửi.
app-type-number = Nhập số này vào ứng dụng
app-number-warning = Không đọc số này cho bất kỳ ai.
app-denied = Yêu cầu đã bị từ chối trên điện thoại.
app-over = Mã đã hết hạn hoặc số nhập không đúng.
app-new-code = Hiện mã mới
app-needs-script = Cách này cần JavaScript. Bạn có thể chọn cách khác.
app-problem-not-approved = Điện thoại chưa xác nhận, hoặc xác nhận đã hết hạn. Hãy thử lại.
app-problem-account = Tài khoản này hiện không dùng được.
login-with-app = Quét mã QR
