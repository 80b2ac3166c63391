using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.SystemLibTorch.Tests.Nn;

public class LayerTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Linear_is_a_matrix_product_plus_bias(bool hasBias)
    {
        using var scope = NewDisposeScope();
        var layer = nn.Linear(3, 4, hasBias, dtype: float64);
        Tensor x = Numbers.Random(1, 5, 3);
        double[] input = Numbers.Of(x), weight = Numbers.Of(layer.weight);
        double[] bias = hasBias ? Numbers.Of(layer.bias!) : new double[4];
        var expected = new double[5 * 4];
        for (int b = 0; b < 5; b++)
        {
            for (int o = 0; o < 4; o++)
            {
                expected[b * 4 + o] = bias[o];
                for (int i = 0; i < 3; i++) expected[b * 4 + o] += input[b * 3 + i] * weight[o * 3 + i];
            }
        }
        Numbers.Close(expected, layer.call(x));
        Assert.Equal(hasBias, layer.bias is not null);
        x.requires_grad_();
        Numbers.CheckGradients(() => layer.call(x), Numbers.ParametersOf(layer, ("input", x)));
    }

    [Fact]
    public void Linear_of_a_wrong_width_gives_torchs_message()
    {
        using var scope = NewDisposeScope();
        var layer = nn.Linear(3, 4);
        var error = Assert.ThrowsAny<Exception>(() => layer.call(zeros([2, 5])));
        Assert.Contains("mat1 and mat2 shapes cannot be multiplied (2x5 and 3x4)", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 0, 1, 1)]
    [InlineData(2, 1, 1, 1)]
    [InlineData(1, 2, 2, 2)]
    [InlineData(2, 1, 1, 4)]
    public void Conv2d_is_a_sum_over_windows(long stride, long padding, long dilation, long groups)
    {
        using var scope = NewDisposeScope();
        var layer = nn.Conv2d(4, 4, 3, stride, padding, dilation, groups: groups, dtype: float64);
        Tensor x = Numbers.Random(2, 2, 4, 7, 6);
        Numbers.Close(NaiveConvolution(x, layer), layer.call(x));
        x.requires_grad_();
        Numbers.CheckGradients(() => layer.call(x), Numbers.ParametersOf(layer, ("input", x)));
    }

    [Fact]
    public void Conv2d_pads_with_the_chosen_mode_and_kind()
    {
        using var scope = NewDisposeScope();
        Tensor x = Numbers.Random(3, 1, 2, 5, 6);
        var reflecting = nn.Conv2d(2, 3, (3, 5), padding: (1, 2), padding_mode: PaddingModes.Reflect, dtype: float64);
        Tensor padded = nn.functional.pad(x, (2, 2, 1, 1), PaddingModes.Reflect);
        Numbers.Close(
            nn.functional.conv2d(padded, reflecting.weight, reflecting.bias), reflecting.call(x));

        var same = nn.Conv2d(2, 3, (3, 4), Padding.Same, dtype: float64);
        Tensor zeroPadded = nn.functional.pad(x, (1, 2, 1, 1));
        Numbers.Close(nn.functional.conv2d(zeroPadded, same.weight, same.bias), same.call(x));
        var sameReflecting = nn.Conv2d(2, 3, (3, 4), Padding.Same, padding_mode: PaddingModes.Replicate, dtype: float64);
        Numbers.Close(
            nn.functional.conv2d(
                nn.functional.pad(x, (1, 2, 1, 1), PaddingModes.Replicate), sameReflecting.weight, sameReflecting.bias),
            sameReflecting.call(x));
    }

    [Fact]
    public void Conv2d_refuses_the_wrong_number_of_channels()
    {
        using var scope = NewDisposeScope();
        var error = Assert.Throws<ArgumentException>(() => nn.Conv2d(3, 8, 3).call(zeros([2, 4, 8, 8])));
        Assert.Contains("input with 3 channels to Conv2d but got [2, 4, 8, 8]", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 0, 0)]
    [InlineData(2, 1, 1)]
    [InlineData(3, 0, 2)]
    public void ConvTranspose2d_is_the_adjoint_of_conv2d(long stride, long padding, long outputPadding)
    {
        using var scope = NewDisposeScope();
        var layer = nn.ConvTranspose2d(3, 2, 3, stride, padding, outputPadding, bias: false, dtype: float64);
        Tensor small = Numbers.Random(4, 2, 3, 4, 5);
        Tensor large = layer.call(small);
        Tensor other = Numbers.Random(5, large.shape);

        // The adjoint's weight [In, Out, ...] is the convolution's [Out, In, ...].
        Tensor convolved = nn.functional.conv2d(other, layer.weight, strides: [stride], padding: [padding]);
        Assert.Equal(small.shape, convolved.shape);
        Assert.Equal((large * other).sum().ToDouble(), (small * convolved).sum().ToDouble(), 10);
        Assert.Equal((4 - 1) * stride - 2 * padding + 3 + outputPadding, large.size(2));
        Numbers.CheckGradients(() => layer.call(small), Numbers.ParametersOf(layer));
    }

    [Fact]
    public void ConvTranspose2d_takes_an_output_size_and_names_the_possible_ones()
    {
        using var scope = NewDisposeScope();
        var layer = nn.ConvTranspose2d(1, 1, 3, stride: 2, dtype: float64);
        Tensor x = Numbers.Random(6, 1, 1, 4, 4);
        Assert.Equal([1, 1, 10, 9], layer.forward(x, [10, 9]).shape);
        var error = Assert.Throws<ArgumentException>(() => layer.forward(x, [11, 9]));
        Assert.Contains("from 9 to 10 in dimension 0 but got 11", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Embedding_looks_rows_up_and_leaves_the_padding_row_without_gradient()
    {
        using var scope = NewDisposeScope();
        var layer = nn.Embedding(5, 3, padding_idx: 1, dtype: float64);
        Tensor indices = tensor(new long[] { 4, 1, 0, 4 });
        double[] table = Numbers.Of(layer.weight!);
        Numbers.Close([0, 0, 0], layer.weight![1]);
        Tensor rows = layer.call(indices);
        Numbers.Close([.. table[12..15], .. table[3..6], .. table[0..3], .. table[12..15]], rows);
        rows.sum().backward();
        Numbers.Close([1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2], layer.weight!.grad!);
    }

    [Fact]
    public void Embedding_scales_long_rows_down_to_max_norm()
    {
        using var scope = NewDisposeScope();
        var layer = nn.Embedding(2, 2, max_norm: 1.0, dtype: float64);
        using (no_grad()) layer.weight!.copy_(tensor(new[] { 3.0, 4.0, 0.3, 0.4 }).reshape(2, 2));
        Numbers.Close([0.6, 0.8, 0.3, 0.4], layer.call(tensor(new long[] { 0, 1 })), 1e-6);
    }

    [Fact]
    public void Sequential_applies_its_modules_and_disposes_what_is_between_them()
    {
        using var scope = NewDisposeScope();
        var first = nn.Linear(3, 4, dtype: float64);
        var second = nn.Linear(4, 2, dtype: float64);
        Tensor? between = null;
        first.register_forward_hook((_, _, result) => between = result);
        var sequence = nn.Sequential(("first", first), ("relu", nn.ReLU()), ("second", second));
        Tensor x = Numbers.Random(7, 5, 3);
        Tensor y = sequence.call(x);
        Assert.True(between!.IsInvalid);
        Numbers.Close(second.call(nn.functional.relu(first.call(x))), y);
        Assert.False(x.IsInvalid);
        Assert.Equal(["first.weight", "first.bias", "second.weight", "second.bias"], sequence.state_dict().Keys);
        Assert.Equal(3, sequence.Count);
        Assert.Same(second, sequence[2]);
        Assert.Equal(["relu", "second"], sequence[1..].named_children().Select(child => child.name));
        Assert.Equal(["first"], sequence[(null, 1)].named_children().Select(child => child.name));
    }

    [Fact]
    public void An_empty_sequence_gives_its_input_back()
    {
        using var scope = NewDisposeScope();
        Tensor x = Numbers.Random(8, 2);
        Tensor y = nn.Sequential().call(x);
        y.Dispose();
        Assert.False(x.IsInvalid);
    }

    private static double[] NaiveConvolution(Tensor x, Conv2d layer)
    {
        double[] input = Numbers.Of(x), weight = Numbers.Of(layer.weight), bias = Numbers.Of(layer.bias!);
        int batch = (int)x.size(0), channels = (int)x.size(1), height = (int)x.size(2), width = (int)x.size(3);
        int stride = (int)layer.stride[0], pad = (int)layer.padding![0], dilation = (int)layer.dilation[0];
        int outputs = (int)layer.out_channels, groups = (int)layer.groups, inner = channels / groups;
        int outHeight = (height + 2 * pad - 2 * dilation - 1) / stride + 1;
        int outWidth = (width + 2 * pad - 2 * dilation - 1) / stride + 1;
        var result = new List<double>();
        for (int b = 0; b < batch; b++)
        {
            for (int o = 0; o < outputs; o++)
            {
                int firstChannel = o / (outputs / groups) * inner;
                for (int i = 0; i < outHeight; i++)
                {
                    for (int j = 0; j < outWidth; j++)
                    {
                        double sum = bias[o];
                        for (int c = 0; c < inner; c++)
                        {
                            for (int k = 0; k < 9; k++)
                            {
                                int row = i * stride - pad + k / 3 * dilation, column = j * stride - pad + k % 3 * dilation;
                                if (row < 0 || row >= height || column < 0 || column >= width) continue;
                                sum += weight[(o * inner + c) * 9 + k]
                                    * input[((b * channels + firstChannel + c) * height + row) * width + column];
                            }
                        }
                        result.Add(sum);
                    }
                }
            }
        }
        return [.. result];
    }
}
