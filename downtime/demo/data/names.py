"""Family and given names, in groups that belong together, weighted for a United Kingdom town."""

from typing import NamedTuple

from downtime.demo.data.words import words


class Names(NamedTuple):
    """Names of one origin: `weight` is how often the group is drawn."""

    weight: int
    families: tuple[str, ...]
    men: tuple[str, ...]
    women: tuple[str, ...]


GROUPS: tuple[Names, ...] = (
    Names(
        50,
        words(
            "Smith Jones Taylor Brown Williams Wilson Johnson Davies Robinson Wright Thompson Evans "
            "Walker White Roberts Green Hall Wood Jackson Clarke Hughes Edwards Hill Turner Cooper "
            "Ward Morris Moore Clark Baker Harrison Morgan Parker Bennett Cook Shaw Carter "
            "Richardson Bailey Collins Bell Cox Marshall Miller Fletcher Ellis Barker Holmes "
            "Pritchard Ashworth Butterworth Greenwood Sutcliffe Entwistle Haworth Whitehead Fenwick "
            "Charlton Lockwood Smith-Jones Harrington-Cole Price-Davies Llewellyn Goodfellow"
        ),
        words(
            "James John David Michael Robert William Thomas George Arthur Harold Stanley Kenneth "
            "Ronald Peter Alan Brian Christopher Andrew Stephen Paul Mark Simon Daniel Matthew "
            "Joshua Jack Oliver Harry Alfie Callum Rhys Gareth Edmund Leonard Gordon Derek"
        ),
        words(
            "Mary Margaret Dorothy Joan Patricia Barbara Jean Sheila Maureen Susan Christine Linda "
            "Janet Carol Elizabeth Anne Helen Julie Karen Sarah Claire Emma Laura Rebecca Charlotte "
            "Jessica Amy Chloe Olivia Grace Freya Zoë Chloë Anne-Marie Mary-Jane Rhiannon Sian "
            "Gwendoline Edith"
        ),
    ),
    Names(
        9,
        (
            "O'Brien",
            "O'Connor",
            "O'Neill",
            "Ó Súilleabháin",
            "Ní Dhomhnaill",
            "Murphy",
            "Kelly",
            "Byrne",
            "Gallagher",
            "Doherty",
            "McCarthy",
            "MacDonald",
            "McAllister",
            "Fitzgerald",
            "Mac Giolla",
            "Quinn",
            "Brennan",
        ),
        words("Patrick Seán Liam Conor Eoin Declan Brendan Ciarán Niall Hamish Fergus Ruairí"),
        words("Siobhán Aoife Niamh Bridget Kathleen Eileen Róisín Caitríona Maeve Mairead"),
    ),
    Names(
        9,
        words(
            "Khan Ahmed Hussain Ali Begum Akhtar Mahmood Iqbal Malik Rashid Chowdhury Miah Uddin "
            "Rahman Aziz Qureshi Sheikh Mirza"
        ),
        words("Mohammed Muhammad Imran Tariq Yusuf Bilal Hamza Abdul Zahid Asif Usman Kamran"),
        words("Aisha Fatima Zainab Nasreen Shazia Rukhsana Maryam Sumaiya Noor Khadija"),
    ),
    Names(
        8,
        words(
            "Patel Shah Sharma Gupta Desai Mistry Nair Iyer Reddy Krishnamurthy Venkataraghavan "
            "Chatterjee Mukherjee Fernando Jayasuriya Gill Sandhu Dhillon Grewal"
        ),
        words("Rajesh Anil Vikram Sanjay Arjun Kiran Ravi Suresh Harpreet Gurdeep Nimal"),
        words("Priya Anjali Sunita Meena Kavita Lakshmi Deepa Harjit Manjit Kumari"),
    ),
    Names(
        6,
        words(
            "Kowalski Nowak Wiśniewski Wójcik Zieliński Szymański Łukaszewicz Dąbrowski Popescu "
            "Ionescu Horváth Novák Dvořák Kovač Petrauskas Bērziņš"
        ),
        words("Łukasz Michał Paweł Krzysztof Tomasz Andrzej Jiří Zoltán Mihai Jānis"),
        words("Małgorzata Agnieszka Katarzyna Żaneta Ewa Zuzana Ioana Eliška Elżbieta"),
    ),
    Names(
        6,
        words(
            "Okonkwo Adeyemi Okafor Nwosu Babatunde Oluwaseun Eze Mensah Asante Owusu Boateng "
            "Kamara Mwangi Otieno Moyo Ndlovu Tesfaye"
        ),
        words("Chukwuemeka Oluwaseun Kwame Kofi Emeka Tunde Sipho Juma Dawit Ibrahim"),
        words("Adaeze Ngozi Chiamaka Abena Akosua Folasade Thandiwe Wanjiru Yewande"),
    ),
    Names(
        4,
        words("Campbell Grant Gordon Henry Francis Bailey Beckford Lewis Reid Sinclair"),
        words("Winston Delroy Leroy Errol Marlon Jermaine Neville Clive Desmond"),
        words("Beverley Marcia Sonia Gloria Yvonne Icilda Hyacinth Pauline"),
    ),
    Names(
        1,
        ("Nguyễn", "Trần", "Phạm", "Lê"),
        ("Minh", "Hùng", "Đức", "Quang"),
        ("Thị Hoa", "Mai", "Ngọc", "Phương"),
    ),
    Names(
        2,
        words("Wong Chan Cheung Zhang Li Wang Chen Liu"),
        ("Wei", "Jun", "Ka-Ming", "Xiaoming"),
        ("Xiu Ying", "Mei", "Lan", "Wai-Yee"),
    ),
    Names(
        2,
        words("Silva Ferreira Conceição Gonçalves Muñoz García Peña Rossi Esposito"),
        words("João Tiago José Íñigo Luca Andrés"),
        words("Inês Begoña Chiara Sofía Conceição"),
    ),
    Names(
        1,
        words("Müller Sørensen Lindqvist Björk Åkesson Jørgensen"),
        words("Jürgen Sören Åke Bjørn"),
        words("Björk Åsa Sigríður Käthe"),
    ),
    Names(
        1,
        words("Yılmaz Öztürk Kaya Çelik Papadopoulos"),
        words("Emre Çağlar Yiğit Nikos"),
        words("Ayşe Gülsüm Şebnem Eleni"),
    ),
    Names(
        2,
        ("Al-Sayed", "El-Masri", "Haddad", "Warsame", "Abdi", "Hassan", "Farah", "Rahimi"),
        words("Omar Khalid Abdullahi Mahad Farhad Yusuf Karim"),
        words("Hodan Layla Amina Sahra Parisa Rania Ifrah"),
    ),
)

STREETS = words(
    "Harbour Lane|Mill Street|Station Road|Chapel Brow|Orchard Close|Quay Street|Beacon Hill|"
    "Lighthouse Walk|Saltmarsh Road|Ferry Terrace|Kingfisher Way|Tannery Row|St Brannoc's Road|"
    "Victoria Avenue|Cooper's Yard|Pear Tree Gardens|Heron Court|The Old Ropery",
    "|",
)
TOWNS = (
    ("Fairwater", "ZX1"),
    ("Upper Fairwater", "ZX2"),
    ("Tidewell", "ZX4"),
    ("Marsh Holdenby", "ZX7"),
    ("Stokelake", "ZX9"),
)
PRACTICES = (
    ("Z99001", "Harbourside Surgery"),
    ("Z99002", "Mill Street Medical Centre"),
    ("Z99003", "The Beacon Practice"),
    ("Z99004", "Tidewell Health Centre"),
    ("Z99005", "Dr Pritchard and Partners"),
)
