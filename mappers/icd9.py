"""What an ICD-9-CM code of its chapter of neoplasms says; American records before October 2015 carry them.

ICD-9-CM's categories 140–239 (tabular list, volume 1) name the sites that ICD-10 and ICD-O-3 took over, in another order.
"""

from __future__ import annotations

import re
from functools import lru_cache

from mappers.icd10 import Behaviour, IcdNeoplasm, longest

_CODE = re.compile(r"(\d{3})\.?(\d{0,2})")

_SITES = {
    "140": "C00.9", "141.0": "C01.9", "141": "C02.9", "142.0": "C07.9", "142": "C08.9", "143": "C03.9", "144": "C04.9",
    "145.2": "C05.0", "145.3": "C05.1", "145": "C06.9", "146.0": "C09.9", "146": "C10.9", "147": "C11.9", "148.1": "C12.9",
    "148": "C13.9", "149": "C14.0", "150.3": "C15.3", "150.4": "C15.4", "150.5": "C15.5", "150": "C15.9", "151.0": "C16.0",
    "151.1": "C16.4", "151.2": "C16.3", "151.3": "C16.1", "151.4": "C16.2", "151": "C16.9", "152.0": "C17.0", "152.1": "C17.1",
    "152.2": "C17.2", "152": "C17.9", "153.0": "C18.3", "153.1": "C18.4", "153.2": "C18.6", "153.3": "C18.7", "153.4": "C18.0",
    "153.5": "C18.1", "153.6": "C18.2", "153.7": "C18.5", "153.8": "C18.8", "153": "C18.9", "154.0": "C19.9", "154.1": "C20.9",
    "154.2": "C21.1", "154.3": "C21.0", "154": "C21.8", "155.1": "C22.1", "155": "C22.0", "156.0": "C23.9", "156.1": "C24.0",
    "156.2": "C24.1", "156": "C24.9", "157.0": "C25.0", "157.1": "C25.1", "157.2": "C25.2", "157.3": "C25.3", "157.4": "C25.4",
    "157": "C25.9", "158.0": "C48.0", "158": "C48.2", "160.0": "C30.0", "160.1": "C30.1", "160.2": "C31.0", "160": "C31.9",
    "161.0": "C32.0", "161.1": "C32.1", "161.2": "C32.2", "161.3": "C32.3", "161": "C32.9", "162.0": "C33.9", "162.2": "C34.0",
    "162.3": "C34.1", "162.4": "C34.2", "162.5": "C34.3", "162.8": "C34.8", "162": "C34.9", "163": "C38.4", "164.0": "C37.9",
    "164.1": "C38.0", "164.2": "C38.1", "164.3": "C38.2", "164": "C38.3", "170": "C41.9", "171": "C49.9", "172": "C44.9",
    "173": "C44.9", "174.0": "C50.0", "174.1": "C50.1", "174.2": "C50.2", "174.3": "C50.3", "174.4": "C50.4", "174.5": "C50.5",
    "174.6": "C50.6", "174.8": "C50.8", "174": "C50.9", "175": "C50.9", "179": "C55.9", "180.0": "C53.0", "180.1": "C53.1",
    "180": "C53.9", "181": "C58.9", "182": "C54.9", "183.0": "C56.9", "183.2": "C57.0", "183": "C57.9", "184.0": "C52.9",
    "184.4": "C51.9", "184": "C57.9", "185": "C61.9", "186": "C62.9", "187": "C60.9", "188": "C67.9", "189.0": "C64.9",
    "189.1": "C65.9", "189.2": "C66.9", "189": "C68.9", "190": "C69.9", "191": "C71.9", "192.1": "C70.0", "192.2": "C72.0",
    "192": "C72.9", "193": "C73.9", "194.0": "C74.9", "194.1": "C75.0", "194.3": "C75.1", "194.4": "C75.3", "194": "C75.9",
    "195": "C76.7", "196": "C77.9", "197.0": "C34.9", "197.1": "C38.3", "197.2": "C38.4", "197.4": "C17.9", "197.5": "C18.9",
    "197.6": "C48.2", "197.7": "C22.0", "198.0": "C64.9", "198.1": "C68.9", "198.2": "C44.9", "198.3": "C71.9", "198.4": "C72.9",
    "198.5": "C41.9", "198.6": "C56.9", "198.7": "C74.9", "198.81": "C50.9", "199": "C80.9", "200": "C77.9", "201": "C77.9",
    "202": "C77.9", "203": "C42.1", "204": "C42.1", "205": "C42.1", "206": "C42.1", "207": "C42.1", "208": "C42.1",
    "230.1": "C15.9", "230.2": "C16.9", "230.3": "C18.9", "230.4": "C20.9", "231.0": "C32.9", "231.2": "C34.9", "232": "C44.9",
    "233.0": "C50.9", "233.1": "C53.9", "233.4": "C61.9", "233.7": "C67.9", "238.4": "C42.1",
}  # fmt: skip
#: Categories whose fourth character is that of the ICD-O site: skin (172, 173), bladder and brain.
_SAME_FOURTH = {"172": "C44", "173": "C44", "188": "C67", "191": "C71"}
_HISTOLOGIES = {
    "155.0": "8170/3", "155.1": "8160/3", "172": "8720/3", "200.2": "9687/3", "200.4": "9673/3", "200.7": "9680/3", "201": "9650/3",
    "202.0": "9690/3", "202.1": "9700/3", "202.2": "9701/3", "202.4": "9940/3", "202": "9591/3", "203.0": "9732/3",
    "204.0": "9835/3", "204.1": "9823/3", "205.0": "9861/3", "205.1": "9863/3", "208": "9800/3", "238.4": "9950/3",
    "230": "8010/2", "231": "8010/2", "232": "8010/2", "233": "8010/2", "234": "8010/2",
}  # fmt: skip
#: Fifth digit of the lymphomas 200–202: the nodes that are involved. Mycosis fungoides and Sézary disease are of the skin,
#: hairy cell leukaemia is of the marrow.
_REGIONS = {
    "1": "C77.0", "2": "C77.1", "3": "C77.2", "4": "C77.3", "5": "C77.4", "6": "C77.5", "7": "C42.2", "8": "C77.8",
}  # fmt: skip
_NOT_NODAL = {"202.1": "C44.9", "202.2": "C44.9", "202.4": "C42.1"}
#: ICD-9-CM lists it as uncertain; ICD-O-3 (2000) counts it as malignant.
_MALIGNANT = ("238.4",)


@lru_cache(maxsize=4096)
def read_icd9(code: str) -> IcdNeoplasm | None:
    """A neoplasm code of ICD-9-CM, with or without dot; None if it is none (V10 history, V16 family history are not)."""
    match = _CODE.fullmatch(code.strip())
    if match is None:
        return None
    category, rest = match.groups()
    full = f"{category}.{rest}" if rest else category
    behaviour = _behaviour(full, int(category))
    if behaviour is None:
        return None
    site = longest(_SITES, full)
    if category in _SAME_FOURTH and rest:
        site = f"{_SAME_FOURTH[category]}.{rest[0]}"
    if category in ("200", "201", "202"):
        site = _NOT_NODAL.get(full[:5]) or _REGIONS.get(rest[1:2], site)
    return IcdNeoplasm(
        code=full, behaviour=behaviour, topography=site, morphology=longest(_HISTOLOGIES, full), laterality=None
    )


def _behaviour(full: str, category: int) -> Behaviour | None:
    if full.startswith(_MALIGNANT):
        return "malignant"
    if 196 <= category <= 198:
        return "metastatic"
    if 140 <= category <= 209:
        return "malignant"
    if 230 <= category <= 234:
        return "in-situ"
    if 210 <= category <= 229:
        return "benign"
    return "uncertain" if 235 <= category <= 239 else None
