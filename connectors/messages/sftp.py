"""What is wrong with an SFTP server, with our login there, or with its folder."""

from __future__ import annotations

from connectors.findings import Words
from connectors.messages.hints import ASK_OPERATOR

SFTP = {
    "HostKeyDiffers": Words(
        "máy chủ SFTP đưa ra khóa {seen}, tệp YAML ghi {pinned}; chưa gửi tài khoản hay mật khẩu",
        "the SFTP server shows the key {seen}, the YAML pins {pinned}; no user name or password was sent",
        "hỏi đơn vị vận hành qua kênh khác (điện thoại, công văn) xem khóa có được thay không; "
        "chỉ khi họ xác nhận mới sửa 'host_key'",
        "ask the operator by another way (phone, letter) whether the key was changed; edit 'host_key' only when they "
        "confirm it",
    ),
    "SshTooOld": Words(
        "máy chủ SFTP chỉ có thuật toán cũ, hoặc không có loại khóa đã ghim ({detail})",
        "the SFTP server offers old algorithms only, or no key of the pinned type ({detail})",
        "yêu cầu đơn vị vận hành nâng cấp máy chủ SSH hoặc gửi đúng khóa máy chủ",
        "ask the operator to upgrade the SSH server, or for the right host key",
    ),
    "LoginRefused": Words(
        "máy chủ SFTP từ chối đăng nhập ({detail})", "the SFTP server refuses the login ({detail})", *ASK_OPERATOR
    ),
    "FolderMissing": Words(
        "máy chủ SFTP không có thư mục '{folder}', hoặc không cho đọc ({detail})",
        "the SFTP server has no folder '{folder}', or does not let us read it ({detail})",
        "kiểm tra 'folder' trong tệp YAML và quyền của tài khoản",
        "check 'folder' in the source's YAML and the rights of the account",
    ),
}
