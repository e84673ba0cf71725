# Trang của công dân.
sections-label = Trang của bạn
section-overview = Tổng quan
section-sessions = Phiên đăng nhập
section-consents = Chia sẻ dữ liệu
section-history = Lịch sử sử dụng
section-security = Bảo mật
section-logout = Đăng xuất

notice-session-ended = Đã kết thúc phiên đăng nhập.
notice-other-sessions-ended = Đã kết thúc mọi phiên đăng nhập khác.
notice-consent-withdrawn = Đã rút lại sự đồng ý. Dịch vụ không còn nhận được thông tin của bạn.
notice-password-changed = Đã đổi mật khẩu.
notice-totp-enrolled = Đã thêm ứng dụng xác thực.
notice-message-codes-enrolled = Từ nay bạn có thể đăng nhập bằng mã qua tin nhắn.
notice-message-codes-stopped = Không còn gửi mã đến địa chỉ này.

home-greeting = Xin chào { $name }
home-number = Số định danh cá nhân
home-level = Tài khoản định danh
home-card = Thẻ căn cước
home-last-login = Lần đăng nhập trước
home-first-login = Đây là lần đầu bạn đăng nhập.
card-none = Chưa có thẻ
card-unlimited = Có giá trị không thời hạn
card-valid = Còn hạn
card-until = đến { $day }
card-expired = Hết hạn
card-expired-on = từ { $day }

sessions-lead = Những nơi tài khoản của bạn đang đăng nhập. Thấy nơi lạ, hãy kết thúc phiên đó và đổi mật khẩu.
sessions-end-others = Kết thúc mọi phiên khác
session-here = Trình duyệt này
session-last-used = Dùng lần cuối
session-began = Đăng nhập lúc
session-parties = Dịch vụ
session-end = Kết thúc phiên

consents-lead = Những dịch vụ bạn đã đồng ý chia sẻ thông tin.
consents-none = Bạn chưa đồng ý chia sẻ thông tin với dịch vụ nào.
consent-data = Thông tin
consent-given = Đồng ý lúc
consent-withdraw = Rút lại đồng ý

history-lead = Mỗi lần một dịch vụ hỏi bạn là ai. Lịch sử được lưu 5 năm.
history-none = Chưa có lần sử dụng nào.
history-older = Xem các lần trước đó
column-time = Thời gian
column-party = Dịch vụ
column-purpose = Mục đích
column-level = Mức xác thực
purpose-none = Không nêu

security-password-why = Dùng một mật khẩu dài mà bạn không dùng ở nơi khác.
security-totp = Ứng dụng xác thực
security-totp-on = Khi đăng nhập, bạn nhập thêm mã 6 chữ số từ điện thoại.
security-totp-off = Thêm mã từ điện thoại để đạt xác thực mức 2 và bảo vệ tài khoản tốt hơn.
security-totp-replace = Thay bằng ứng dụng hoặc điện thoại khác
totp-on = Đang dùng
totp-off = Chưa có

password-title = Đổi mật khẩu
password-current = Mật khẩu hiện tại
password-new = Mật khẩu mới
password-new-hint = Ít nhất { $count } ký tự. Một câu dễ nhớ là lựa chọn tốt; dấu cách và dấu tiếng Việt đều được.
password-again = Nhập lại mật khẩu mới
password-ends-sessions = Sau khi đổi, các phiên đăng nhập ở nơi khác sẽ kết thúc.
password-problem-current = Mật khẩu hiện tại không đúng
password-problem-short = Mật khẩu mới cần ít nhất { $count } ký tự
password-problem-long = Mật khẩu mới quá dài
password-problem-common = Mật khẩu này nhiều người dùng nên dễ đoán. Hãy chọn mật khẩu khác.
password-problem-same = Mật khẩu mới phải khác mật khẩu hiện tại
password-problem-repeat = Hai lần nhập mật khẩu mới không giống nhau

enrol-title = Thêm ứng dụng xác thực
enrol-scan = Quét mã
enrol-scan-how = Mở ứng dụng xác thực trên điện thoại và quét mã này.
enrol-qr-alt = Mã QR chứa khóa bí mật. Khóa cũng được ghi bằng chữ ngay bên dưới.
enrol-open = Mở bằng ứng dụng xác thực trên thiết bị này
enrol-type = Nếu không quét được, hãy nhập khóa này vào ứng dụng:
enrol-confirm = Xác nhận
enrol-submit = Thêm ứng dụng

recovery-codes = Mã khôi phục
recovery-lead = Khi mất điện thoại, bạn dùng một mã khôi phục thay cho mã trên điện thoại.
recovery-left = Còn { $count } mã chưa dùng.
recovery-make = Tạo bộ mã mới
recovery-replaces = Khi bạn tạo bộ mã mới, các mã cũ không dùng được nữa.
recovery-new = Đây là các mã khôi phục của bạn. Trang này chỉ hiện chúng một lần.
recovery-keep = Hãy in hoặc chép lại và cất ở nơi an toàn, không để cùng điện thoại. Mỗi mã dùng được một lần.
recovery-download = Tải tệp về máy
recovery-done = Tôi đã cất các mã

security-messages = Mã qua tin nhắn và thư
security-messages-why = Dùng khi không có cách nào an toàn hơn.
message-risk-sms = Tin nhắn SMS có thể bị đọc trộm hoặc chuyển sang SIM khác. Ứng dụng xác thực an toàn hơn và cũng đạt mức 2.
message-risk-email = Mã qua thư điện tử giúp bạn đặt lại mật khẩu. Ai mở được hộp thư sẽ đọc được mã, nên mã này không thay cho điện thoại.
message-no-address = Chưa có địa chỉ này trong hồ sơ của bạn. Hãy đến công an cấp xã để đăng ký.
message-bound = Mã được gửi đến { $address }.
message-stop = Ngừng gửi mã đến đây
