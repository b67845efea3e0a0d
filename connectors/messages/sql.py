"""What is wrong with a database, with the account that reads it, or with a query."""

from __future__ import annotations

from connectors.findings import Words

QUERY = (
    "so 'query' hoặc 'table' trong tệp YAML với khung nhìn (view) của cơ sở dữ liệu",
    "compare 'query' or 'table' in the source's YAML with the view in the database",
)
ASK_FOR_READER = (
    "yêu cầu đơn vị vận hành cấp tài khoản chỉ có quyền SELECT trên khung nhìn cần đọc",
    "ask the operator for an account that has SELECT on the view to be read, and nothing else",
)

SQL = {
    "LoginRefused": Words(
        "cơ sở dữ liệu từ chối đăng nhập ({detail})",
        "the database refuses the login ({detail})",
        "kiểm tra 'username', 'database' và biến của 'password'; hỏi đơn vị vận hành",
        "check 'username', 'database' and the variable of 'password'; ask the operator",
    ),
    "DatabaseMissing": Words(
        "không mở được tệp cơ sở dữ liệu để đọc",
        "the file of the database cannot be opened for reading",
        "kiểm tra 'connection.database' và quyền đọc tệp",
        "check 'connection.database' and that the file may be read",
    ),
    "ReadOnlyNotEnforced": Words(
        "cơ sở dữ liệu không giữ phiên ở chế độ chỉ đọc tại một thời điểm ({detail}); không đọc",
        "the database does not hold the session to reading one state of the data ({detail}); nothing is read",
        "nối thẳng tới PostgreSQL hoặc dùng pgbouncer ở chế độ 'session' hay 'transaction'",
        "connect to PostgreSQL itself, or by pgbouncer in mode 'session' or 'transaction'",
    ),
    "AccountTooPowerful": Words(
        "tài khoản là superuser hoặc có quyền ghi tệp, chạy chương trình trên máy chủ; không đọc bằng tài khoản này",
        "the account is a superuser, or may write files or run programs on the server; it is not used",
        *ASK_FOR_READER,
    ),
    "AccountCanWrite": Words(
        "tài khoản có quyền ghi trên {count} bảng hoặc khung nhìn: {tables}; phiên đọc vẫn ở chế độ chỉ đọc",
        "the account may write to {count} tables or views: {tables}; the session itself was read-only",
        *ASK_FOR_READER,
    ),
    "QueryForbidden": Words(
        "tài khoản không có quyền đọc khung nhìn ({detail})",
        "the account may not read the view ({detail})",
        *ASK_FOR_READER,
    ),
    "QueryRefused": Words(
        "cơ sở dữ liệu không trả lời được truy vấn ({detail})",
        "the database cannot answer the query ({detail})",
        *QUERY,
    ),
    "WriteRefused": Words(
        "truy vấn tìm cách ghi ({detail}); cơ sở dữ liệu đã từ chối",
        "the query tries to write ({detail}); the database refused",
        "sửa 'query' trong tệp YAML: chỉ SELECT, không gọi hàm có ghi",
        "mend 'query' in the source's YAML: SELECT only, without functions that write",
    ),
    "QueryTimeout": Words(
        "truy vấn bị dừng khi chưa xong, chậm nhất sau {seconds} giây",
        "the query was ended before it was done, after {seconds} s at most",
        "yêu cầu đơn vị vận hành tạo chỉ mục hoặc khung nhìn tổng hợp, hoặc nâng 'request_seconds' trong 'limits'",
        "ask the operator for an index or a view that sums up, or raise 'request_seconds' under 'limits'",
    ),
    "DuplicateColumn": Words(
        "hai cột cùng tên '{column}' trong kết quả", "two columns of the result are called '{column}'", *QUERY
    ),
    "NoSuchColumns": Words(
        "bảng hoặc khung nhìn không có cột nào của hợp đồng",
        "the table or view has none of the contract's columns",
        *QUERY,
    ),
}
