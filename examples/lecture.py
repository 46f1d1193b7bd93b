"""J = 3(a + bc): values forward, derivatives backward, and the picture."""

import viz
from autograd import Tensor

a = Tensor(5.0, name="a", requires_grad=True)
b = Tensor(3.0, name="b", requires_grad=True)
c = Tensor(2.0, name="c", requires_grad=True)
u = (b * c).named("u")
v = (a + u).named("v")
J = (3 * v).named("J")
J.backward()

path = viz.draw(J).save("lecture.svg")
print(f"J = {J:g}; dJ/da = {a.grad}, dJ/db = {b.grad}, dJ/dc = {c.grad}; picture in {path.name}")
assert (a.grad, b.grad, c.grad) == (3, 6, 9)
