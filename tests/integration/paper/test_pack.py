"""What a ward gets in its hands."""


def test_look(pack):
    made = pack()
    open("/tmp/e_pack.pdf", "wb").write(made.pdf)
    print(made.result)
