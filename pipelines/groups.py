"""The groups of agencies that are ranked together, in words; alone in its module, because a ranking on a screen needs
it and none of what reads registers."""

from common.errors import Text

GROUPS = {
    "province": Text("tỉnh, thành phố", "provinces"),
    "department": Text("sở, ban, ngành", "departments"),
    "district": Text("huyện, thị xã, thành phố", "districts"),
    "commune": Text("xã, phường, đặc khu", "communes"),
}
