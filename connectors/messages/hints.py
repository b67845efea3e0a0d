"""What to do about it: the hints that several messages share, in Vietnamese and English."""

from __future__ import annotations

ASK_OPERATOR = (
    "báo đơn vị vận hành nguồn, rồi chạy lại 'dti source check {source}'",
    "tell the operator of the source, then run 'dti source check {source}' again",
)
TRY_LATER = (
    "chạy lại sau; lần lấy được chấp nhận gần nhất vẫn được dùng",
    "run it again later; the last accepted pull stays in use",
)
COMPARE = (
    "so với trang của nguồn; nếu đúng: 'dti pull accept', nếu sai: 'dti pull reject', kèm lý do",
    "compare with the source's own page; then 'dti pull accept' or 'dti pull reject' with a reason",
)
REGISTER = (
    "kiểm tra sổ đăng ký cơ quan (mã theo hệ '{scheme}') của năm đó",
    "check the register of agencies (codes of scheme '{scheme}') for that year",
)
CONTRACT = (
    "nếu nguồn đã đổi định dạng, sửa 'contract' trong tệp YAML của nguồn; nếu không, báo đơn vị vận hành",
    "if the source changed its format, edit 'contract' in the source's YAML; otherwise tell its operator",
)
LIMITS = (
    "nếu nguồn thật sự lớn như vậy, nâng giới hạn '{limit}' trong 'limits' của tệp YAML",
    "if the source really is that large, raise '{limit}' under 'limits' in its YAML",
)
SETTINGS = ("kiểm tra 'base_url' và 'endpoint' trong tệp YAML", "check 'base_url' and 'endpoint' in the source's YAML")
