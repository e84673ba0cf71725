# Đồng ý chia sẻ dữ liệu, và trả lời cho bên yêu cầu.
consent-title = Đồng ý chia sẻ thông tin
consent-asks = { $party } muốn nhận thông tin của bạn
consent-entity = Đơn vị chịu trách nhiệm: { $entity }
consent-essential = Thông tin bắt buộc
consent-optional = Thông tin tùy chọn
consent-optional-hint = Chỉ chia sẻ mục bạn đánh dấu. Không đánh dấu mục nào bạn vẫn tiếp tục được.
consent-while-away = Dịch vụ xin được nhận thông tin này cả khi bạn không đăng nhập.
consent-transaction = Bạn đồng ý với { $transaction }. Điều này chỉ cho lần này.
consent-remembered = Lựa chọn của bạn được ghi nhớ. Bạn có thể rút lại bất cứ lúc nào trong mục “Chia sẻ dữ liệu”.
consent-approve = Đồng ý
consent-deny = Từ chối

form-post-title = Sắp hoàn tất
form-post-lead = Nhấn nút dưới đây để trở lại { $party }.
form-post-continue = Tiếp tục
