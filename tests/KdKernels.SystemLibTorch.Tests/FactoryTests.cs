using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.SystemLibTorch.Tests;

public sealed class FactoryTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Fact]
    public void Arrays_keep_shape_type_and_order()
    {
        Tensor m = tensor(new double[,] { { 1, 2, 3 }, { 4, 5, 6 } });
        Assert.Equal([2, 3], m.shape);
        Assert.Equal(float64, m.dtype);
        Assert.Equal(6.0, m[1, 2].item<double>());
        Assert.Equal([2, 2, 1], tensor(new float[] { 1, 2, 3, 4 }, [2, 2, 1]).shape);
        Assert.Equal([2, 2], tensor(new List<int> { 1, 2, 3, 4 }, 2, 2).shape);
        Assert.Equal(float32, tensor(new List<long> { 1 }, dtype: float32).dtype);
        Assert.Equal(ScalarType.Bool, tensor(new[] { true, false }).dtype);
        Assert.Equal(ScalarType.Byte, tensor(new byte[] { 1 }).dtype);
        Assert.Equal(bfloat16, tensor(new[] { 1f }, dtype: bfloat16).dtype);
        Assert.True(tensor(new[] { 1f }, requires_grad: true).requires_grad);
        var error = Assert.Throws<ArgumentException>(() => tensor(new float[] { 1, 2, 3 }, [2, 2]));
        Assert.Contains("expected 4 elements for shape [2, 2] but got 3", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Numbers_become_scalars_of_their_type()
    {
        Assert.Equal((float32, 0L), (tensor(1f).dtype, tensor(1f).dim()));
        Assert.Equal(float64, tensor(1.0).dtype);
        Assert.Equal(int64, tensor(long.MaxValue).dtype);
        Assert.Equal(long.MaxValue, tensor(long.MaxValue).item<long>());
        Assert.Equal(int32, tensor(3).dtype);
        Assert.Equal(float32, tensor(3.0, dtype: float32).dtype);
        Assert.Throws<ArgumentException>(() => tensor(1f).item<double>());
        Assert.Throws<ArgumentException>(() => ones(2).item<float>());
        Assert.Equal(1.0, tensor(1f).ToDouble());
        Assert.Equal(2, (int)tensor(2L));
    }

    [Fact]
    public void A_copied_array_and_the_tensor_go_separate_ways_and_a_shared_one_does_not()
    {
        float[] values = [1, 2];
        Tensor copy = tensor(values), shared = from_array(values);
        values[0] = 9;
        Expect.Elements([1, 2], copy);
        Expect.Elements([9, 2], shared);
        shared.fill_(5);
        Assert.Equal([5f, 5f], values);
        Expect.Elements([5], frombuffer(values, float32, count: 1, offset: 1));
        Assert.Equal(float64, from_array(values, float64).dtype);
    }

    [Fact]
    public void Constants_ranges_and_likes_are_what_they_say()
    {
        Expect.Elements([0, 0, 0, 0], zeros(2, 2));
        Expect.Elements([1, 1], ones([2], dtype: float16));
        Expect.Elements([7, 7], full(2, 7));
        Assert.Equal(float32, full(2, 7).dtype);
        Assert.Equal([2, 3], empty(2, 3).shape);
        Expect.Elements([0, 1, 2], arange(3));
        Assert.Equal(int64, arange(3).dtype);
        Assert.Equal(float32, arange(0.5, 3).dtype);
        Expect.Elements([1, 1.5, 2], arange(1, 2.25, 0.5));
        Expect.Elements([0, 0.25, 0.5, 0.75, 1], linspace(0, 1, 5));
        Expect.Elements([1, 0, 0, 0, 1, 0], eye(2, 3));
        Tensor source = ones(2, dtype: float64);
        Assert.Equal(float64, zeros_like(source).dtype);
        Assert.Equal(int32, source.zeros_like(int32).dtype);
        Expect.Elements([3, 3], full_like(source, 3));
        Assert.Equal([4], source.new_zeros([4]).shape);
        Expect.Elements([0, 1, 2, 3, 4], randperm(5).sort().Values);
        Tensor integers = randint(3, 5, [200]);
        Assert.Equal((3L, 4L), (integers.min().item<long>(), integers.max().item<long>()));
    }

    [Fact]
    public void Named_dimensions_are_refused_and_not_ignored() =>
        Assert.Throws<NotSupportedException>(() => zeros(2, names: ["rows"]));

    [Fact]
    public void The_default_type_can_be_set()
    {
        set_default_dtype(float64);
        try
        {
            Assert.Equal(float64, zeros(1).dtype);
        }
        finally
        {
            set_default_dtype(float32);
        }
        Assert.Equal(float32, get_default_dtype());
        Assert.Throws<ArgumentException>(() => set_default_dtype(int64));
    }

    [Fact]
    public void Devices_read_and_write_their_names()
    {
        Assert.Equal(("cpu", DeviceType.CPU, -1), (device("cpu").ToString(), device("cpu").type, device("cpu").index));
        Assert.Equal(("cuda:1", DeviceType.CUDA, 1),
            (device("cuda:1").ToString(), device("cuda:1").type, device("cuda:1").index));
        Assert.Throws<ArgumentException>(() => device("gpu"));
        Assert.Throws<ArgumentException>(() => device("cuda:x"));
        Assert.Equal(cuda.is_available(), TryInitializeDeviceType(DeviceType.CUDA));
        if (!cuda.is_available()) Assert.Throws<InvalidOperationException>(() => ones(1).to("cuda"));
    }

    [Fact]
    public void Conversions_keep_values_and_say_their_type()
    {
        Tensor t = tensor(new[] { 1.5f, -2.7f });
        Expect.Elements([1, -2], t.to(int64));
        Assert.Equal(bfloat16, t.bfloat16().dtype);
        Assert.Equal(-2.703125f, new BFloat16(-2.7f).ToSingle());
        Assert.Equal(-2.703125f, t.bfloat16().@float()[1].item<float>());
        Tensor same = t.to(float32);
        Assert.Equal(t.Handle, same.Handle);
        Assert.NotEqual(t.Handle, t.to(float32, copy: true).Handle);
        Tensor spent = ones(1);
        _ = spent.to(float64, disposeAfter: true);
        Assert.True(spent.IsInvalid);
        Assert.Equal("[2], type = Float32, device = cpu" + Environment.NewLine + "[1.5, -2.7]", t.ToString());
    }
}
