"""Lay a scanned page over the print of its form: codes, then corner squares, then tiles of print.

The codes' corners tell how the page lies (turned, upside down, mirrored), the four squares how it is
stretched, and the shift of each tile of print how the paper bends. Measured on our own forms: worst
point of a page, 95 in 100, 2.3 mm with codes alone, 0.32 with squares, 0.19 with tiles.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import zxingcpp

from downtime.paper.serials import is_page_code, parse_page_code
from downtime.pdf.field_rectangle import FieldRectangle
from downtime.scanning.pixels import DOTS_IN_MM, Pixels, locate_rectangle, mm

_FORMATS = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCodeModel2)
SQUARE_MM = 4.0
SQUARE_SEARCH_MM = 6.0
"""How far a corner square is looked for from where the codes alone put it."""
SQUARE_LIKENESS = 0.7
TILE = 200
"""Dots a side of a tile; its shift is believed up to a tenth of that."""
TILE_SHIFT = 24.0
TILE_LIKENESS = 0.08
TILE_CONTRAST = 14.0
"""Tones of standard deviation: a tile with less print tells nothing."""
FEWEST_TILES = 6
STAMPED = ("page.", "patient.")
"""Fields that the print itself fills."""
CURVED_TILES = 16
"""From so many tiles the shift may bend; with fewer it only stretches."""
GRID = 16
"""Dots between two places for which the way is worked out; between them it is straight."""


@dataclass(frozen=True, slots=True)
class CodePlace:
    """One code that was read: its corner of the page, and its own corners clockwise from upper left."""

    corner: str
    points: Pixels


@dataclass(frozen=True, slots=True)
class Registration:
    """A page as it was printed, and how well it fits."""

    aligned: Pixels
    fitting: float
    """The share of tiles with print that were found, 0 to 1."""
    residual_mm: float
    """What the tiles' shifts differ from the curve through them, 95 in 100."""
    scale: float
    """Dots of the picture for one of the aligned page."""
    turned_degrees: float
    is_mirrored: bool
    down: tuple[float, float]
    """The direction, on the aligned page, in which the scanner's rows follow each other."""
    source_places: Pixels
    """x and y on the picture of every `GRID`th dot of the aligned page, from its middle one."""


def find_codes(image: Pixels, page_number: int) -> list[CodePlace]:
    """The codes of that page on a picture; two pages that lie on it together give none."""
    read = zxingcpp.read_barcodes(image, formats=_FORMATS)
    codes = [(parse_page_code(code.text), code) for code in read if is_page_code(code.text)]
    if len({(code.serial, code.page) for code, _ in codes}) != 1 or codes[0][0].page != page_number:
        return []
    if len({code.corner for code, _ in codes}) != len(codes):
        return []
    return [CodePlace(code.corner, _corner_points(place)) for code, place in codes]


def _corner_points(code: zxingcpp.Barcode) -> Pixels:
    at = code.position
    corners = (at.top_left, at.top_right, at.bottom_right, at.bottom_left)
    return np.array([(point.x, point.y) for point in corners], np.float64)


def register_page(
    image: Pixels, printed: Pixels, rectangles: Sequence[FieldRectangle], codes: Sequence[CodePlace]
) -> Registration | None:
    """The picture laid over its printed page; None when the two do not go together."""
    pairs = _pair_codes(codes, rectangles, printed.shape[0])
    if pairs is None:
        return None
    matrix = _add_squares(image, printed, _fit_codes(*pairs), *pairs)
    scale = math.sqrt(abs(np.linalg.det(matrix[:2, :2])))
    image, matrix, shrunk = _shrink(image, matrix, scale)
    shifts = measure_shifts(printed, image, matrix, rectangles)
    if shifts is None:
        return None
    places = _find_way(matrix, shifts, printed.shape)
    aligned = _bend(image, places, printed.shape)
    across, down = matrix[:2, 0], matrix[:2, 1]
    inverse = np.linalg.inv(matrix[:2, :2])
    length = float(np.hypot(*inverse[:, 1])) or 1.0
    return Registration(
        aligned=aligned,
        fitting=shifts.share,
        residual_mm=shifts.residual / DOTS_IN_MM,
        scale=scale,
        turned_degrees=math.degrees(math.atan2(across[1], across[0])),
        is_mirrored=bool(across[0] * down[1] - across[1] * down[0] < 0),
        down=(float(inverse[0, 1]) / length, float(inverse[1, 1]) / length),
        source_places=(places[1:, 1:] + 0.5) * shrunk - 0.5,
    )


def _pair_codes(
    codes: Sequence[CodePlace], rectangles: Sequence[FieldRectangle], rows: int
) -> tuple[Pixels, Pixels] | None:
    """Corners of the codes as printed, and the same on the picture."""
    places = {rectangle.key: rectangle for rectangle in rectangles}
    printed, seen = [], []
    for code in codes:
        rectangle = places.get(f"page.code-{code.corner.lower()}")
        if rectangle is None:
            return None
        x_low, top, right, bottom = locate_rectangle(rectangle, rows)
        printed += [(x_low, top), (right, top), (right, bottom), (x_low, bottom)]
        seen.append(code.points)
    if not seen:
        return None
    at = np.array(printed, np.float64)
    return at, _order_mirrored(at, np.concatenate(seen))


def _fit_codes(printed: Pixels, seen: Pixels) -> Pixels:
    """The matrix from printed page to picture: a similarity, or a perspective where it needs one."""
    matrix = _fit_similarity(printed, seen)
    size = math.sqrt(abs(np.linalg.det(matrix[:2, :2])))
    if len(printed) < 8 or _distances(matrix, printed, seen).max() < 0.5 * DOTS_IN_MM * size:
        return matrix
    bent, _ = cv2.findHomography(printed, seen, 0)
    return matrix if bent is None else bent


def _order_mirrored(printed: Pixels, seen: Pixels) -> Pixels:
    """The corners as printed. Of a code in a mirror they are told the other way round.

    Only where two codes lie towards each other tells that it is one.
    """
    if len(printed) < 8:
        return seen
    other = seen.reshape(-1, 4, 2)[:, [0, 3, 2, 1]].reshape(-1, 2)
    plain, mirrored = (
        _distances(_fit_similarity(printed, order), printed, order) for order in (seen, other)
    )
    return seen if plain.max() <= mirrored.max() else other


def _fit_similarity(printed: Pixels, seen: Pixels) -> Pixels:
    """Turn, scale and shift, and a mirror where the corners go round the other way."""
    if _turns_left(printed) == _turns_left(seen):
        return _fit_turn(printed, seen)
    return _fit_turn(printed * (1, -1), seen) @ np.diag([1, -1, 1])


def _turns_left(corners: Pixels) -> bool:
    (ax, ay), (bx, by) = corners[1] - corners[0], corners[3] - corners[0]
    return bool(ax * by < ay * bx)


def _fit_turn(printed: Pixels, seen: Pixels) -> Pixels:
    centre_p, centre_s = printed.mean(axis=0), seen.mean(axis=0)
    p = (printed - centre_p) @ np.array([1, 1j])
    s = (seen - centre_s) @ np.array([1, 1j])
    factor = (np.conj(p) @ s) / (np.conj(p) @ p)
    rotation = np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
    return np.vstack([np.column_stack([rotation, centre_s - rotation @ centre_p]), [0, 0, 1]])


def _distances(matrix: Pixels, printed: Pixels, seen: Pixels) -> Pixels:
    mapped = cv2.perspectiveTransform(printed[None], matrix)[0]
    distances: Pixels = np.hypot(*(mapped - seen).T)
    return distances


def find_squares(printed: Pixels) -> list[Pixels]:
    """Centres of the corner squares of a printed page, each x and y."""
    small = cv2.resize(printed, None, fx=1 / 4, fy=1 / 4, interpolation=cv2.INTER_AREA)
    side = mm(SQUARE_MM) // 4
    solid = cv2.erode((small < 60).astype(np.uint8), np.ones((side - 1, side - 1), np.uint8))
    count, _, stats, centres = cv2.connectedComponentsWithStats(solid)
    candidates = [centres[n] * 4 + 2 for n in range(1, count) if max(stats[n, 2:4]) <= 4]
    places = (_find_square(printed, np.eye(3), place, reach=mm(1.5)) for place in candidates)
    return [place for place in places if place is not None]


def _add_squares(
    image: Pixels, printed: Pixels, matrix: Pixels, code_printed: Pixels, code_seen: Pixels
) -> Pixels:
    """The matrix corrected by the corner squares that are found near where it puts them.

    The nearest to a code come first: each that is found makes the place of the next more certain.
    """
    centre = code_printed.mean(axis=0)
    squares = sorted(find_squares(printed), key=lambda at: float(np.hypot(*(at - centre))))
    found_printed, found_seen = list(code_printed), list(code_seen)
    count = 0
    for square in squares:
        place = _find_square(image, matrix, square, mm(SQUARE_SEARCH_MM))
        if place is None:
            continue
        count += 1
        found_printed += [square] * 4
        found_seen += [place] * 4
        matrix = _fit_all(np.array(found_printed), np.array(found_seen), matrix, count)
    return matrix


def _fit_all(printed: Pixels, seen: Pixels, matrix: Pixels, squares: int) -> Pixels:
    if squares >= 4 or (squares >= 3 and len(printed) >= 20):
        fitted, _ = cv2.findHomography(printed, seen, 0)
        return matrix if fitted is None else fitted
    if matrix[2, 0] or matrix[2, 1] or squares < 2:
        return matrix if squares < 2 else cv2.findHomography(printed, seen, 0)[0]
    ones = np.column_stack([printed, np.ones(len(printed))])
    solution, *_ = np.linalg.lstsq(ones, seen, rcond=None)
    return np.vstack([solution.T, [0, 0, 1]])


def _find_square(image: Pixels, matrix: Pixels, square: Pixels, reach: int) -> Pixels | None:
    """Where a corner square is on the picture; None when nothing there looks like one."""
    half = mm(SQUARE_MM) / 2 + 5
    size = 2 * (reach + round(half)) + 1
    offset = np.array([[1, 0, square[0] - size // 2], [0, 1, square[1] - size // 2], [0, 0, 1.0]])
    surroundings = cv2.warpPerspective(
        image, matrix @ offset, (size, size), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    likeness = cv2.matchTemplate(surroundings, _square_template(round(half)), cv2.TM_CCOEFF_NORMED)
    _, best, _, (x, y) = cv2.minMaxLoc(likeness)
    if best < SQUARE_LIKENESS:
        return None
    at = np.array([[[x + round(half), y + round(half)]]], np.float64)
    place: Pixels = cv2.perspectiveTransform(at, matrix @ offset)[0, 0]
    return place


def _square_template(half: int) -> Pixels:
    template = np.full((2 * half + 1, 2 * half + 1), 255, np.uint8)
    template[5:-5, 5:-5] = 0
    return template


def _shrink(image: Pixels, matrix: Pixels, scale: float) -> tuple[Pixels, Pixels, int]:
    """A picture with more dots than are needed, averaged so that thin lines stay; how many in one."""
    factor = max(1, int(scale / 1.2))
    if factor > 1:
        rows, columns = (side // factor for side in image.shape)
        cut = image[: rows * factor, : columns * factor]
        image = cv2.resize(cut, (columns, rows), interpolation=cv2.INTER_AREA)
        half = np.array([[1 / factor, 0, 0.5 / factor - 0.5], [0, 1 / factor, 0.5 / factor - 0.5],
                         [0, 0, 1]])  # fmt: skip
        matrix = half @ matrix
    if scale / factor > 1.2:
        image = cv2.blur(image, (3, 3))
    return image, matrix, factor


@dataclass(frozen=True, slots=True)
class Shifts:
    """How far print lies from where it should, as a curve over the page, in dots."""

    x: Pixels
    y: Pixels
    share: float
    residual: float

    def at(self, points: Pixels) -> Pixels:
        """The shift at places on the page."""
        terms = _terms(points, len(self.x))
        return np.column_stack([terms @ self.x, terms @ self.y])


def _terms(points: Pixels, count: int) -> Pixels:
    x, y = points[:, 0] / 1000 - 1, points[:, 1] / 1000 - 1
    return np.column_stack([np.ones_like(x), x, y, x * x, x * y, y * y])[:, :count]


def measure_shifts(
    printed: Pixels, image: Pixels, matrix: Pixels, rectangles: Sequence[FieldRectangle]
) -> Shifts | None:
    """The shifts of all tiles that hold print, and a curve through them that bears outliers.

    They are measured on pages of half the dots: as exact, in a quarter of the time.
    """
    page = _halve(printed)
    seen = cv2.warpPerspective(
        _halve(image), np.linalg.inv(_HALVED) @ matrix @ _HALVED, page.shape[::-1],
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT, borderValue=(255,),
    )  # fmt: skip
    for rectangle in rectangles:
        if rectangle.key.startswith(STAMPED):
            x_low, top, right, bottom = locate_rectangle(rectangle, printed.shape[0])
            for half in (page, seen):
                half[max(0, top // 2) : bottom // 2 + 1, max(0, x_low // 2) : right // 2 + 1] = 255
    centres, shifts, with_print = _correlate_tiles(page.astype(np.float32), seen.astype(np.float32))
    if len(centres) < FEWEST_TILES:
        return None
    return _fit_shifts(np.array(centres), np.array(shifts), with_print)


_HALVED = np.array([[2, 0, 0.5], [0, 2, 0.5], [0, 0, 1]])
"""From dots of a halved picture to those of the whole one."""


def _halve(picture: Pixels) -> Pixels:
    rows, columns = (side // 2 for side in picture.shape)
    even = picture[: 2 * rows, : 2 * columns]
    return cv2.resize(even, (columns, rows), interpolation=cv2.INTER_AREA)


def _correlate_tiles(
    page: Pixels, seen: Pixels
) -> tuple[list[tuple[float, float]], list[tuple[float, float]], int]:
    """Middle and shift, in whole dots, of the tiles that were found; how many hold print."""
    side, (rows, columns) = TILE // 2, page.shape
    window = cv2.createHanningWindow((side, side), cv2.CV_32F)
    centres, shifts, with_print = [], [], 0
    for top, column in itertools.product(
        range(0, rows - side // 2, side), range(0, columns - side // 2, side)
    ):
        y, x = min(top, rows - side), min(column, columns - side)
        tile, other = (half[y : y + side, x : x + side] for half in (page, seen))
        if cv2.meanStdDev(tile)[1][0, 0] < TILE_CONTRAST:
            continue
        with_print += 1
        (dx, dy), likeness = cv2.phaseCorrelate(tile, other, window)
        if likeness > TILE_LIKENESS and 2 * math.hypot(dx, dy) < TILE_SHIFT:
            centres.append((2.0 * x + side, 2.0 * y + side))
            shifts.append((2 * dx, 2 * dy))
    return centres, shifts, with_print


def _fit_shifts(centres: Pixels, shifts: Pixels, with_print: int) -> Shifts:
    keep = np.ones(len(centres), bool)
    for _ in range(6):
        count = 6 if keep.sum() >= CURVED_TILES else 3
        terms = _terms(centres, count)
        solution, *_ = np.linalg.lstsq(terms[keep], shifts[keep], rcond=None)
        errors = np.hypot(*(terms @ solution - shifts).T)
        limit = max(1.0, 3 * float(np.median(errors[keep])))
        is_close = errors < limit
        if is_close.sum() < FEWEST_TILES or bool((is_close == keep).all()):
            break
        keep = is_close
    residual = float(np.percentile(errors[keep], 95))
    return Shifts(solution[:, 0], solution[:, 1], keep.sum() / with_print, residual)


def _find_way(matrix: Pixels, shifts: Shifts, shape: tuple[int, ...]) -> Pixels:
    """Where on the picture each place of a grid lies, that begins one place outside the page."""
    rows, columns = -(-shape[0] // GRID) + 2, -(-shape[1] // GRID) + 2
    y, x = np.mgrid[-1 : rows - 1, -1 : columns - 1].reshape(2, -1) * float(GRID) + (GRID - 1) / 2
    points = np.column_stack([x, y])
    places: Pixels = cv2.perspectiveTransform((points + shifts.at(points))[None], matrix)[0]
    return places.reshape(rows, columns, 2)


def _bend(image: Pixels, places: Pixels, shape: tuple[int, ...]) -> Pixels:
    """The picture as printed, drawn once from its own dots."""
    rows, columns = places.shape[:2]
    size = (columns * GRID, rows * GRID)
    place = np.s_[GRID : GRID + shape[0], GRID : GRID + shape[1]]
    across, down = (
        cv2.resize(np.ascontiguousarray(places[..., axis], np.float32), size)[place]
        for axis in (0, 1)
    )
    return cv2.remap(
        image, np.ascontiguousarray(across), np.ascontiguousarray(down), cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT, borderValue=(255,),
    )  # fmt: skip
