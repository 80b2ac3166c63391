using System.Reflection;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.SystemLibTorch.Tests;

public sealed class OperatorTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Fact]
    public void Every_operator_of_the_binding_exists_in_this_libtorch()
    {
        var missing = new List<string>();
        int count = 0;
        foreach (FieldInfo field in typeof(Aten).GetFields(BindingFlags.Static | BindingFlags.NonPublic))
        {
            if (field.GetValue(null) is not AtenOp op) continue;
            count++;
            if (!op.Exists) missing.Add(field.Name);
        }
        Assert.Empty(missing);
        Assert.True(count > 250, $"only {count} operators were looked at");
    }

    [Fact]
    public void Arithmetic_agrees_with_plain_numbers()
    {
        Tensor a = tensor(new double[] { 1, -2, 3.5 }), b = tensor(new double[] { 4, 0.5, -2 });
        Expect.Elements([5, -1.5, 1.5], a + b);
        Expect.Elements([-3, -2.5, 5.5], a - b);
        Expect.Elements([4, -1, -7], a * b);
        Expect.Elements([0.25, -4, -1.75], a / b);
        Expect.Elements([3, 0, 5.5], a + 2);
        Expect.Elements([1, 4, -1.5], 2 - a);
        Expect.Elements([2, -1, 1.0 / 1.75], 2 / a);
        Expect.Elements([0.5, -1, 1.75], a / 2f);
        Expect.Elements([1, 2, 1.5], tensor(new double[] { 5, -2, 7.5 }) % tensor(new double[] { 4, 4, 3 }));
        Expect.Elements([-1, 2, -3.5], -a);
        Expect.Elements([1, 4, 12.25], a.pow(2));
        Expect.Elements([1, 4, 12.25], a.square());
        Expect.Elements([9, -1, -0.5], a.add(b, alpha: 2));
    }

    [Fact]
    public void Functions_agree_with_System_Math()
    {
        double[] x = [0.25, 0.5, 0.9];
        Tensor t = tensor(x);
        (Tensor Actual, Func<double, double> Expected)[] cases =
        [
            (t.exp(), Math.Exp), (t.log(), Math.Log), (t.log2(), Math.Log2), (t.log1p(), v => Math.Log(1 + v)),
            (t.expm1(), v => Math.Exp(v) - 1), (t.sqrt(), Math.Sqrt), (t.rsqrt(), v => 1 / Math.Sqrt(v)),
                (t.sin(), Math.Sin),
            (t.cos(), Math.Cos), (t.tanh(), Math.Tanh), (t.sigmoid(), v =>
                1 / (1 + Math.Exp(-v))), (t.reciprocal(), v => 1 / v),
            (t.softplus(), v => Math.Log(1 + Math.Exp(v))), (t.relu(), v => v), ((-t).relu(), _ => 0),
                ((-t).abs(), v => v),
            (t.floor(), Math.Floor), (t.ceil(), Math.Ceiling), (t.neg(), v => -v), ((-t).sign(), _ => -1),
            (t.clamp(0.3, 0.8), v => Math.Clamp(v, 0.3, 0.8)), (t.clamp_min(0.3), v => Math.Max(v, 0.3)),
            (softplus(t, 2, 20), v => Math.Log(1 + Math.Exp(2 * v)) / 2), (exp(t), Math.Exp), (t.atan(), Math.Atan),
        ];
        foreach ((Tensor actual, Func<double, double> expected) in cases)
            Expect.Elements(Array.ConvertAll(x, v => expected(v)), actual, 1e-12);
    }

    private static Tensor softplus(Tensor t, double beta, double threshold) => t.softplus(beta, threshold);

    [Fact]
    public void Reductions_agree_with_closed_forms()
    {
        Tensor t = arange(1, 7, dtype: float64).reshape(2, 3);
        Expect.Elements([21], t.sum());
        Expect.Elements([5, 7, 9], t.sum(dim: 0));
        Expect.Elements([6, 15], t.sum(-1));
        Expect.Elements([21], t.sum(0, 1));
        Assert.Equal([2, 1], t.sum(1, keepdim: true).shape);
        Assert.Equal(float32, t.sum(float32).dtype);
        Expect.Elements([3.5], t.mean());
        Expect.Elements([2, 5], t.mean([1]));
        Expect.Elements([17.5 / 5], t.var());
        Expect.Elements([17.5 / 6], t.var(unbiased: false));
        Expect.Elements([1, 1], t.std(1));
        Expect.Elements([Math.Sqrt(2.0 / 3), Math.Sqrt(2.0 / 3)], t.std(1, unbiased: false));
        Expect.Elements([720], t.prod());
        Expect.Elements([6, 120], t.prod(1));
        Expect.Elements([Math.Sqrt(91)], t.norm());
        Expect.Elements([6, 15], t.norm(1, p: 1));
        Expect.Elements([3, 6], t.amax(1));
        Expect.Elements([1, 2, 3], t.amin([0]));
        Expect.Elements([5], t.argmax());
        Expect.Elements([2, 2], t.argmax(1));
        (Tensor values, Tensor indexes) = t.max(0);
        Expect.Elements([4, 5, 6], values);
        Expect.Elements([1, 1, 1], indexes);
        (values, indexes) = t.topk(2);
        Expect.Elements([3, 2, 6, 5], values);
        Expect.Elements([2, 1, 2, 1], indexes);
        (Tensor sorted, Tensor order) = t.sort(1, descending: true);
        Expect.Elements([3, 2, 1, 6, 5, 4], sorted);
        Expect.Elements([2, 1, 0, 2, 1, 0], order);
        Expect.Elements([1, 3, 6, 4, 9, 15], t.cumsum(1));
        Expect.Elements([6 + Math.Log(1 + Math.Exp(-1) + Math.Exp(-2))], t.logsumexp(1)[1]);
        Expect.Elements([1, 1], t.softmax(1).sum(1));
        Expect.Elements([-Math.Log(1 + Math.Exp(1) + Math.Exp(2))], t.log_softmax(1)[0, 0]);
        Assert.True((t > 0).all().item<bool>());
        Assert.False((t > 6).any().item<bool>());
    }

    [Fact]
    public void A_sum_over_a_plain_zero_is_refused_because_it_names_an_element_type()
    {
        var error = Assert.Throws<ArgumentException>(() => ones(2, 2).sum(0));
        Assert.Contains("dim: 0", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => ones(2, 2).prod(0));
    }

    [Fact]
    public void Products_agree_with_closed_forms()
    {
        Tensor a = tensor(new float[,] { { 1, 2 }, { 3, 4 } }), b = tensor(new float[,] { { 0, 1 }, { 1, 0 } });
        Expect.Elements([2, 1, 4, 3], a.matmul(b));
        Expect.Elements([2, 1, 4, 3], mm(a, b));
        Expect.Elements([2, 1, 4, 3], a.unsqueeze(0).bmm(b.unsqueeze(0)));
        Expect.Elements([5, 4, 11, 10], a.addmm(a, b, beta: 1, alpha: 2));
        Expect.Elements([5, 11], a.mv(tensor(new float[] { 1, 2 })));
        Expect.Elements([11], tensor(new float[] { 1, 2 }).dot(tensor(new float[] { 3, 4 })));
        Expect.Elements([2, 1, 4, 3], einsum("ik,kj->ij", a, b));
        Expect.Elements([3, 4, 6, 8], outer(tensor(new float[] { 1, 2 }), tensor(new float[] { 3, 4 })));
    }

    [Fact]
    public void Comparisons_give_truth_values()
    {
        Tensor a = tensor(new float[] { 1, 2, float.NaN }), b = tensor(new float[] { 2, 2, 2 });
        Expect.Elements([0, 1, 0], a == b);
        Expect.Elements([1, 0, 1], a != b);
        Expect.Elements([1, 0, 0], a < b);
        Expect.Elements([1, 1, 0], a <= 2);
        Expect.Elements([0, 1, 0], 1.5f < a);
        Expect.Elements([0, 0, 1], a.isnan());
        Expect.Elements([0, 1, 0], (a == b).logical_and(a > 1));
        Expect.Elements([1, 2, 2], where(a.isnan(), b, a));
        Assert.True(b.Equals(tensor(new float[] { 2, 2, 2 })));
        Assert.False(b.Equals(a));
        Assert.True(b.allclose(b + 1e-7));
        Assert.False(b.allclose(b + 1e-3));
    }

    [Fact]
    public void In_place_operations_return_the_tensor_itself()
    {
        Tensor t = ones(3);
        Assert.Same(t, t.add_(1).mul_(3).sub_(1).div_(2).sqrt_());
        Expect.Elements([Math.Sqrt(2.5), Math.Sqrt(2.5), Math.Sqrt(2.5)], t);
        Assert.Same(t, t.zero_().fill_(7).copy_(tensor(new float[] { 1, 2, 3 })).clamp_(max: 2));
        Expect.Elements([1, 2, 2], t);
        t.addcdiv_(ones(3), tensor(new float[] { 1, 2, 4 }), value: 4).addcmul_(t, t, value: 1);
        Expect.Elements([30, 20, 12], t);
    }

    [Fact]
    public void Torch_errors_arrive_with_their_text()
    {
        var error = Assert.Throws<ExternalException>(() => ones(3) + ones(4));
        Assert.Contains("The size of tensor a (3) must match the size of tensor b (4)", error.Message,
            StringComparison.Ordinal);
        Assert.DoesNotContain("frame #", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<ExternalException>(() => ones(2, 3).matmul(ones(2, 3)));
        Assert.Contains("mat1 and mat2 shapes cannot be multiplied", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_call_of_an_operator_says_what_its_schema_expects()
    {
        Tensor t = ones(2);
        var error = Assert.Throws<ExternalException>(() => Aten.add.Call(t));
        Assert.Contains("argument 'other' is missing", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<ExternalException>(() => Aten.neg.Call(t, 1));
        Assert.Contains("expected at most 1 arguments but got 2", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<ExternalException>(() => Aten.mul_scalar.Call(t, "two"));
        Assert.Contains("argument 'other' expected Scalar but got a string", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<ExternalException>(() => new AtenOp("no_such_operator").Call(t));
        Assert.Contains("has no operator aten::no_such_operator", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_disposed_tensor_is_refused()
    {
        Tensor t = ones(2);
        t.Dispose();
        Assert.True(t.IsInvalid);
        Assert.Throws<InvalidOperationException>(() => t + 1);
        t.Dispose();
    }

    [Fact]
    public void Long_argument_lists_do_not_need_the_stack()
    {
        Tensor[] many = new Tensor[500];
        for (int i = 0; i < many.Length; i++) many[i] = tensor((float)i);
        Tensor stacked = stack(many);
        Assert.Equal([500], stacked.shape);
        Assert.Equal(500 * 499 / 2, stacked.sum().ToInt32());
        Tensor[] parts = stacked.unbind();
        Assert.Equal(499f, parts[499].item<float>());
    }
}
