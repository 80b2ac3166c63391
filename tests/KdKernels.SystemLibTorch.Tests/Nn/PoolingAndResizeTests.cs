using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdKernels.SystemLibTorch.Tests.Nn;

public class PoolingAndResizeTests
{
    [Fact]
    public void Max_pooling_takes_the_largest_of_each_window()
    {
        using var scope = NewDisposeScope();
        Tensor x = arange(16, float64).reshape(1, 1, 4, 4);
        Numbers.Close([5, 7, 13, 15], functional.max_pool2d(x, 2));
        Numbers.Close([5, 7, 13, 15], functional.max_pool2d(x, [2, 2]));
        Numbers.Close([5, 7, 13, 15], MaxPool2d(2).call(x));
        Numbers.Close([5, 6, 7, 13, 14, 15], MaxPool2d((2, 2), stride: (2, 1)).call(x));
        var (values, indices) = MaxPool2d([2, 2]).forward_with_indices(x);
        Numbers.Close([5, 7, 13, 15], values);
        Numbers.Close([5, 7, 13, 15], indices);
        Tensor leaf = Numbers.Random(1, 1, 2, 4, 4).requires_grad_();
        Numbers.CheckGradients(() => MaxPool2d(2).call(leaf), ("input", leaf));
    }

    [Fact]
    public void Average_pooling_takes_the_mean_of_each_window()
    {
        using var scope = NewDisposeScope();
        Tensor x = arange(16, float64).reshape(1, 1, 4, 4);
        Numbers.Close([2.5, 4.5, 10.5, 12.5], functional.avg_pool2d(x, 2));
        Numbers.Close([2.5, 4.5, 10.5, 12.5], AvgPool2d(2).call(x));
        Numbers.Close([2.5, 3.5, 4.5, 10.5, 11.5, 12.5], functional.avg_pool2d(x, (2, 2), stride: (2, 1)));
        Numbers.Close([0, 0.75, 0.75, 3, 7.5, 4.5, 3, 6.75, 3.75], AvgPool2d(2, padding: 1).call(x));
        Numbers.Close([10, 18, 42, 50], functional.avg_pool2d(x, [2, 2], divisor_override: 1));
        Numbers.Close([0, 3, 12, 15], Corners(AvgPool2d(2, padding: 1, count_include_pad: false).call(x)));
    }

    [Fact]
    public void Adaptive_pooling_makes_the_output_size()
    {
        using var scope = NewDisposeScope();
        Tensor x = arange(12, float64).reshape(1, 1, 3, 4);
        Numbers.Close([5.5], functional.adaptive_avg_pool2d(x, 1));
        Numbers.Close([5.5], AdaptiveAvgPool2d(1).call(x));
        // Rows 0..1 and 1..2, columns 0..1 and 2..3.
        Numbers.Close([2.5, 4.5, 6.5, 8.5], AdaptiveAvgPool2d((2, 2)).call(x));
        Numbers.Close([5, 7, 9, 11], functional.adaptive_max_pool2d(x, [2, 2]));
        Numbers.Close([5, 7, 9, 11], functional.adaptive_max_pool2d_with_indices(x, [2, 2]).Indices);
        Tensor leaf = Numbers.Random(2, 1, 2, 5, 4).requires_grad_();
        Numbers.CheckGradients(() => functional.adaptive_max_pool2d(leaf, [3, 2]), ("input", leaf));
    }

    [Fact]
    public void Flatten_merges_dimensions()
    {
        using var scope = NewDisposeScope();
        Tensor x = zeros([2, 3, 4, 5]);
        Assert.Equal([2, 60], Flatten().call(x).shape);
        Assert.Equal([2, 12, 5], Flatten(1, 2).call(x).shape);
    }

    [Fact]
    public void Nearest_and_area_resize_by_size_or_factor()
    {
        using var scope = NewDisposeScope();
        Tensor x = tensor(new[] { 1.0, 2.0, 3.0, 4.0 }).reshape(1, 1, 2, 2);
        double[] doubled = [1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4];
        Numbers.Close(doubled, functional.interpolate(x, [4, 4]));
        Numbers.Close(doubled, functional.interpolate(x, scale_factor: [2]));
        Numbers.Close(doubled, functional.interpolate(x, [4, 4], mode: InterpolationMode.NearestExact));
        Numbers.Close([2.5], functional.interpolate(x, scale_factor: [0.5], mode: InterpolationMode.Area));
    }

    [Fact]
    public void Linear_modes_interpolate_between_pixels()
    {
        using var scope = NewDisposeScope();
        Tensor line = tensor(new[] { 0.0, 2.0 }).reshape(1, 1, 2);
        Numbers.Close([0, 0.5, 1.5, 2], functional.interpolate(line, [4], mode: InterpolationMode.Linear));
        Numbers.Close(
            [0, 1, 2], functional.interpolate(line, [3], mode: InterpolationMode.Linear, align_corners: true));
        Tensor plane = tensor(new[] { 0.0, 2.0, 4.0, 6.0 }).reshape(1, 1, 2, 2);
        Numbers.Close(
            [0, 1, 2, 2, 3, 4, 4, 5, 6],
            functional.interpolate(plane, [3, 3], mode: InterpolationMode.Bilinear, align_corners: true));
        Assert.Equal(
            [1, 1, 4, 4, 4],
            functional.interpolate(zeros([1, 1, 2, 2, 2]), scale_factor: [2], mode: InterpolationMode.Trilinear).shape);
        Assert.Equal(
            [1, 1, 3, 3],
            functional.interpolate(plane, [3, 3], mode: InterpolationMode.Bicubic, antialias: true).shape);
    }

    [Fact]
    public void Interpolate_says_what_does_not_fit()
    {
        using var scope = NewDisposeScope();
        Tensor plane = zeros([1, 1, 2, 2]);
        Assert.Contains("neither", Message(() => functional.interpolate(plane)), StringComparison.Ordinal);
        Assert.Contains("both", Message(() => functional.interpolate(plane, [2, 2], [1.0])), StringComparison.Ordinal);
        Assert.Contains(
            "Linear expects a 3D input but got 4D",
            Message(() => functional.interpolate(plane, [2, 2], mode: InterpolationMode.Linear)),
            StringComparison.Ordinal);
        Assert.Contains(
            "align_corners", Message(() => functional.interpolate(plane, [2, 2], align_corners: true)),
            StringComparison.Ordinal);
        Assert.Contains(
            "1 or 2 values", Message(() => functional.interpolate(plane, [2, 2, 2])), StringComparison.Ordinal);
    }

    private static string Message(Action action) => Assert.Throws<ArgumentException>(action).Message;

    private static Tensor Corners(Tensor plane)
    {
        double[] values = Numbers.Of(plane);
        int side = (int)plane.size(3);
        return tensor(new[] { values[0], values[side - 1], values[side * (side - 1)], values[^1] });
    }
}
