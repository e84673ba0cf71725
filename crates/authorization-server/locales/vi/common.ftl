# Chung cho mọi trang.
service-name = Định danh điện tử
skip-to-content = Chuyển tới nội dung chính
footer-warning = Không cho bất kỳ ai biết mật khẩu hay mã xác thực của bạn, kể cả người tự xưng là cán bộ.
languages-label = Ngôn ngữ
cancel = Hủy

problem-word = Lỗi
problem-title = Chưa thực hiện được
problem-try-again-in = Bạn đã thử quá nhiều lần. Hãy thử lại sau { $wait }.
problem-session-expired = Phiên làm việc đã hết hạn. Hãy đăng nhập lại.

wait-seconds = { $count } giây
wait-minutes = { $count } phút
wait-hours = { $count } giờ
day = { $day }/{ $month }/{ $year }
month = { $count }
moment = { $clock } ngày { $day }

party-label = Bên yêu cầu
party-purpose = Mục đích: { $purpose }

account-level-1 = Mức độ 1
account-level-2 = Mức độ 2
authentication-level-1 = Mức 1: một yếu tố
authentication-level-2 = Mức 2: hai yếu tố khác nhau
authentication-level-3 = Mức 3: có sinh trắc học
authentication-level-4 = Mức 4: sinh trắc học, vật sở hữu và mật khẩu

data-full-name = Họ, chữ đệm và tên
data-date-of-birth = Ngày, tháng, năm sinh
data-sex = Giới tính
data-nationality = Quốc tịch
data-verification = Danh tính của bạn đã được xác minh khi nào, bằng cách nào và bằng loại giấy tờ nào
data-personal-number = Số định danh cá nhân
data-former-numbers = Số định danh, số chứng minh nhân dân cũ
data-identity-card = Tình trạng và thời hạn thẻ căn cước
data-residence = Nơi cư trú
data-origin = Quê quán
data-phone = Số điện thoại
data-email = Địa chỉ thư điện tử
data-account-level = Mức độ tài khoản định danh
data-guardian = Người giám hộ hoặc người đại diện
