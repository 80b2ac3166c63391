using KdKernels.Distillation.Data.Mixing;
using KdKernels.Distillation.Tests.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Data;

/// <summary>CutMix and Mixup do to a batch what their papers say.</summary>
[Collection(TorchTests.Name)]
public sealed class MixingTests
{
    private const int Rows = 5;

    [Fact]
    public void CutMix_replaces_one_box_of_exactly_the_share_that_it_reports()
    {
        using var scope = NewDisposeScope();
        Tensor images = Numbered(height: 12, width: 9);
        bool clipped = false;
        for (uint step = 0; step < 200; step++)
        {
            using var inner = NewDisposeScope();
            MixedBatch mixed = new CutMix().Mix(images, new MixingKey(1, step));
            long[] partners = mixed.Partners.data<long>().ToArray();
            AssertDeranged(partners);
            double[] pixels = mixed.Images.data<double>().ToArray();
            (CutMixBox box, _) = CutMix.Draw(Rows, 12, 9, new MixingKey(1, step));
            clipped |= box.Area > 0 && (box.Top == 0 || box.Left == 0);
            for (int i = 0; i < pixels.Length; i++)
            {
                (int image, int y, int x) = (i / (3 * 108), i / 9 % 12, i % 9);
                bool inside = y >= box.Top && y < box.Bottom && x >= box.Left && x < box.Right;
                Assert.Equal(inside ? partners[image] : image, pixels[i]);
            }

            int own = pixels.Take(3 * 108).Count(pixel => pixel == 0);
            Assert.Equal(own / (3.0 * 108), mixed.Share, 14);
        }

        Assert.True(clipped, "no box was cut off");
        Assert.Equal(Numbered(12, 9).data<double>().ToArray(), images.data<double>().ToArray());
    }

    [Fact]
    public void CutMix_draws_its_share_uniformly_and_its_centre_anywhere()
    {
        // With λ uniform the side is √u, and a box of side s around a uniform centre keeps s − s²/4 of each of its sides.
        const double Expected = 2 * (1 / 4.0 - 1 / 10.0 + 1 / 96.0);
        const int Draws = 4000;
        double mean = 0;
        double row = 0;
        for (uint step = 0; step < Draws; step++)
        {
            (CutMixBox box, _) = CutMix.Draw(2, 512, 512, new MixingKey(7, step));
            mean += (1 - box.ShareOutside(512, 512)) / Draws;
            row += (box.Top + box.Bottom) / 2.0 / 512 / Draws;
        }

        Assert.InRange(mean, Expected - 0.02, Expected + 0.02);
        Assert.InRange(row, 0.48, 0.52);
    }

    [Fact]
    public void Mixup_is_the_weighted_sum_with_a_uniform_share()
    {
        using var scope = NewDisposeScope();
        Tensor images = Numbered(2, 2);
        List<double> shares = [];
        for (uint step = 0; step < 2000; step++)
        {
            using var inner = NewDisposeScope();
            MixedBatch mixed = new Mixup().Mix(images, new MixingKey(1, step));
            long[] partners = mixed.Partners.data<long>().ToArray();
            AssertDeranged(partners);
            double[] pixels = mixed.Images.data<double>().ToArray();
            for (int image = 0; image < Rows; image++)
            {
                Assert.Equal(mixed.Share * image + (1 - mixed.Share) * partners[image], pixels[image * 12 + 5], 12);
            }

            shares.Add(mixed.Share);
        }

        Assert.InRange(shares.Average(), 0.47, 0.53);
        Assert.InRange(shares.Average(share => share * share), 1 / 3.0 - 0.03, 1 / 3.0 + 0.03);
    }

    [Fact]
    public void A_key_says_all_and_each_part_of_it_counts()
    {
        using var scope = NewDisposeScope();
        Tensor images = Numbered(16, 16);
        foreach (IBatchMixing mixing in (IBatchMixing[])[new CutMix(), new Mixup()])
        {
            var key = new MixingKey(3, 4, 5);
            double[] first = mixing.Mix(images, key).Images.data<double>().ToArray();
            Assert.Equal(first, mixing.Mix(images, key).Images.data<double>().ToArray());
            foreach (MixingKey other in (MixingKey[])[key with { Seed = 4 }, key with { Step = 5 }, key with { Run = 6 }])
            {
                Assert.NotEqual(first, mixing.Mix(images, other).Images.data<double>().ToArray());
            }
        }
    }

    [Fact]
    public void Anything_but_images_is_refused()
    {
        using var scope = NewDisposeScope();
        foreach (IBatchMixing mixing in (IBatchMixing[])[new CutMix(), new Mixup()])
        {
            ArgumentException error = Assert.Throws<ArgumentException>(() => mixing.Mix(zeros([2, 3]), default));
            Assert.Contains("expected images [B, C, H, W] of a floating type but got [2, 3]", error.Message, StringComparison.Ordinal);
            Assert.Throws<ArgumentException>(() => mixing.Mix(zeros([2, 3, 4, 4], ScalarType.Int64), default));
        }
    }

    // Every pixel of image i is i.
    private static Tensor Numbered(long height, long width) =>
        arange(Rows, ScalarType.Float64).view(Rows, 1, 1, 1).expand(Rows, 3, height, width).contiguous();

    private static void AssertDeranged(long[] partners)
    {
        Assert.Equal(Enumerable.Range(0, partners.Length).Select(i => (long)i), partners.Order());
        Assert.DoesNotContain(partners.Index(), entry => entry.Index == entry.Item);
    }
}
