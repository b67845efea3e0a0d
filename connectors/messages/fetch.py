"""What goes wrong on the way to the source and back."""

from __future__ import annotations

from connectors.findings import Words
from connectors.messages.hints import ASK_OPERATOR, COMPARE, CONTRACT, LIMITS, SETTINGS, TRY_LATER

FETCH = {
    "SourceUnavailable": Words(
        "không kết nối được hoặc nguồn báo lỗi ({detail}) sau {attempts} lần thử",
        "the source cannot be reached or reports an error ({detail}) after {attempts} attempts",
        *TRY_LATER,
    ),
    "Timeout": Words(
        "nguồn không trả lời trong {seconds} giây (đã thử {attempts} lần)",
        "the source did not answer within {seconds} s ({attempts} attempts)",
        *TRY_LATER,
    ),
    "DeadlineExceeded": Words(
        "quá thời hạn {seconds} giây cho {scope}",
        "the deadline of {seconds} s for {scope} has passed",
        *TRY_LATER,
    ),
    "Truncated": Words(
        "thân trả lời bị cắt ngang ({detail}) sau {attempts} lần thử",
        "the body of the answer was cut off ({detail}) after {attempts} attempts",
        *TRY_LATER,
    ),
    "RateLimited": Words(
        "nguồn yêu cầu chờ {seconds} giây, quá mức cho phép; sớm nhất là {next_allowed_at}",
        "the source asks to wait {seconds} s, more than allowed; not before {next_allowed_at}",
        "chạy lại sau thời điểm đó",
        "run it again after that moment",
    ),
    "RetryBudgetSpent": Words(
        "đã dùng hết {retries} lần thử lại của cả lượt lấy (lỗi cuối: {detail})",
        "all {retries} retries of this run are spent (last trouble: {detail})",
        *TRY_LATER,
    ),
    "TlsError": Words(
        "chứng thư hoặc kênh TLS của nguồn không hợp lệ ({detail})",
        "the source's certificate or TLS is not valid ({detail})",
        "yêu cầu đơn vị vận hành gia hạn hoặc sửa chứng thư; không tắt kiểm tra chứng thư",
        "ask the operator to renew or mend the certificate; verification is never switched off",
    ),
    "RedirectRefused": Words(
        "nguồn chuyển hướng (HTTP {status}); không đi theo",
        "the source redirects (HTTP {status}); redirects are not followed",
        "ghi địa chỉ cuối cùng vào 'base_url' sau khi xác minh với đơn vị vận hành",
        "put the final address into 'base_url' after confirming it with the operator",
    ),
    "AuthFailed": Words(
        "nguồn từ chối đăng nhập (HTTP {status})", "the source refuses the login (HTTP {status})", *ASK_OPERATOR
    ),
    "Forbidden": Words(
        "nguồn từ chối quyền truy cập (HTTP 403)", "the source forbids access (HTTP 403)", *ASK_OPERATOR
    ),
    "NotFound": Words(
        "nguồn không có địa chỉ này (HTTP {status})", "the source has no such address (HTTP {status})", *SETTINGS
    ),
    "RequestRefused": Words(
        "nguồn từ chối yêu cầu (HTTP {status})", "the source refuses the request (HTTP {status})", *SETTINGS
    ),
    "PaginationInconsistent": Words(
        "trang {page} trống hoặc không tồn tại dù danh sách chưa hết ({detail})",
        "page {page} is empty or missing although the list has not ended ({detail})",
        *ASK_OPERATOR,
    ),
    "PaginationLoop": Words(
        "trang {page} trùng với một trang trước: nguồn bỏ qua vị trí được hỏi",
        "page {page} repeats an earlier page: the source ignores the position asked for",
        "kiểm tra chỗ đặt {{page}}, {{offset}} hay {{cursor}} trong 'endpoint', hoặc khai báo 'type: single_page'",
        "check where {{page}}, {{offset}} or {{cursor}} stands in 'endpoint', or declare 'type: single_page'",
    ),
    "UnexpectedContent": Words(
        "trả lời không phải JSON mà là {detail} (HTTP 200)",
        "the answer is not JSON but {detail} (HTTP 200)",
        "thường là trang đăng nhập hoặc trang báo bảo trì: mở địa chỉ nguồn trong trình duyệt để xem",
        "often a login or maintenance page: open the source's address in a browser to see",
    ),
    "BadEncoding": Words("trả lời không phải UTF-8 ({detail})", "the answer is not UTF-8 ({detail})", *CONTRACT),
    "NotJson": Words("JSON không hợp lệ: {detail}", "not valid JSON: {detail}", *ASK_OPERATOR),
    "DuplicateKey": Words(
        "khóa '{key}' xuất hiện hai lần trong một đối tượng JSON",
        "key '{key}' is given twice in one JSON object",
        *ASK_OPERATOR,
    ),
    "UnexpectedShape": Words(
        "không thấy danh sách bản ghi tại '{selector}': nhận được {detail}",
        "no list of records at '{selector}': got {detail}",
        *CONTRACT,
    ),
    "LimitExceeded": Words("vượt giới hạn {limit} = {value}", "the limit {limit} = {value} is exceeded", *LIMITS),
    "UnstableListing": Words(
        "đọc hai lần liền cho hai kết quả khác nhau ({walks} lượt): dữ liệu đổi trong lúc phân trang",
        "consecutive readings differ ({walks} walks): the rows change while they are paged through",
        *COMPARE,
    ),
    "UnsafeAddress": Words(
        "địa chỉ không được phép: {detail}",
        "the address is not allowed: {detail}",
        "nếu đơn vị vận hành xác nhận, thêm vào 'allowed_hosts' hoặc 'allowed_networks' trong tệp YAML",
        "if the operator confirms it, add it to 'allowed_hosts' or 'allowed_networks' in the source's YAML",
    ),
    "TokenRefused": Words(
        "nguồn cấp token không dùng được ({detail})", "the source gave a token that is no use ({detail})", *ASK_OPERATOR
    ),
    "RequestNotSendable": Words(
        "không tạo được yêu cầu HTTP ({detail})", "the HTTP request cannot be made ({detail})", *SETTINGS
    ),
    "SourceReportsError": Words(
        "nguồn trả lời HTTP 200 nhưng báo lỗi hoặc thiếu dữ liệu ở '{path}' ({detail})",
        "the source answers HTTP 200 but reports an error or a partial result at '{path}' ({detail})",
        *ASK_OPERATOR,
    ),
    "NotXml": Words("XML không hợp lệ: {detail}", "not valid XML: {detail}", *ASK_OPERATOR),
    "DtdRefused": Words(
        "XML có DTD hoặc khai báo thực thể; không đọc",
        "the XML has a DTD or entities; it is not read",
        *ASK_OPERATOR,
    ),
}
