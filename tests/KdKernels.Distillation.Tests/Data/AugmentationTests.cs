using KdKernels.Distillation.Data;

namespace KdKernels.Distillation.Tests.Data;

public class AugmentationTests
{
    private const int Size = 8;
    private static readonly ImageShape Shape = new(2, Size, Size);
    private static readonly ChannelStatistics Raw = ChannelStatistics.Identity(2);

    [Fact]
    public void Without_options_every_pixel_is_normalised_exactly()
    {
        ImageSet set = RandomSet(4);
        ChannelStatistics statistics = set.Statistics;
        float[] batch = Fill(new Augmentation(AugmentationOptions.None, statistics, seed: 1), set, [2, 0], epoch: 5);
        for (int b = 0; b < 2; b++)
        {
            for (int i = 0; i < Shape.ByteCount; i++)
            {
                int c = i / Shape.PixelCount;
                double value = set.Image(b == 0 ? 2 : 0)[i] / 255.0;
                double expected = (value - statistics.Mean[c]) / statistics.StandardDeviation[c];
                Assert.Equal((float)expected, batch[b * Shape.ByteCount + i]);
            }
        }
    }

    [Theory]
    [InlineData(PaddingMode.Zero)]
    [InlineData(PaddingMode.Reflect)]
    public void Every_output_pixel_is_the_source_pixel_that_the_draw_names(PaddingMode mode)
    {
        ImageSet set = RandomSet(64);
        var options = new AugmentationOptions { CropPadding = 3, PaddingMode = mode, FlipProbability = 0.5 };
        var augmentation = new Augmentation(options, Raw, seed: 7);
        int[] all = [.. Enumerable.Range(0, set.Count)];
        float[] batch = Fill(augmentation, set, all, epoch: 2);
        byte[] masks = new byte[set.Count * Shape.PixelCount];
        augmentation.FillMasks(set, all, 2, masks);
        for (int i = 0; i < set.Count; i++)
        {
            AugmentationDraw draw = augmentation.Draw(Shape, 2, i);
            for (int p = 0; p < Shape.PixelCount; p++)
            {
                int row = p / Size + draw.Top;
                int column = (draw.Flip ? Size - 1 - p % Size : p % Size) + draw.Left;
                bool outside = row is < 0 or >= Size || column is < 0 or >= Size;
                (int r, int k) = (Mirror(row), Mirror(column));
                for (int c = 0; c < 2; c++)
                {
                    int pixel = set.Image(i)[c * Shape.PixelCount + r * Size + k];
                    int value = outside && mode == PaddingMode.Zero ? 0 : pixel;
                    Assert.Equal((float)(value / 255.0), batch[i * Shape.ByteCount + c * Shape.PixelCount + p]);
                }

                Assert.Equal(
                    outside && mode == PaddingMode.Zero ? 0 : set.Mask(i)[r * Size + k],
                    masks[i * Shape.PixelCount + p]);
            }
        }
    }

    [Fact]
    public void Draws_reach_every_offset_and_flip_as_often_as_asked()
    {
        var options = new AugmentationOptions { CropPadding = 2, FlipProbability = 0.25 };
        var augmentation = new Augmentation(options, Raw, seed: 3);
        AugmentationDraw[] draws = [.. Enumerable.Range(0, 10_000).Select(i => augmentation.Draw(Shape, 0, i))];
        Assert.Equal([-2, -1, 0, 1, 2], draws.Select(d => d.Top).Distinct().Order());
        Assert.Equal([-2, -1, 0, 1, 2], draws.Select(d => d.Left).Distinct().Order());
        Assert.InRange(draws.Count(d => d.Flip), 2240, 2760);
        Assert.InRange(draws.Count(d => d.Top == 0 && d.Left == 0), 280, 520);
        Assert.Equal(Size * Size, draws.Select(d => (d.CutoutRow, d.CutoutColumn)).Distinct().Count());
    }

    [Fact]
    public void Flipping_twice_gives_the_image_back()
    {
        ImageSet set = RandomSet(3);
        var flip = new Augmentation(new AugmentationOptions { FlipProbability = 1 }, Raw, seed: 0);
        byte[] once = [.. Fill(flip, set, [0, 1, 2], 0).Select(v => (byte)Math.Round(v * 255))];
        Assert.NotEqual(set.Pixels.ToArray(), once);
        var flipped = new ImageSet("f", "", Shape, once, [0, 0, 0], ["a"]);
        Assert.Equal(set.Pixels.ToArray(), Fill(flip, flipped, [0, 1, 2], 0).Select(v => (byte)Math.Round(v * 255)));
    }

    [Fact]
    public void Cutout_clears_exactly_the_clipped_square_in_every_channel_and_leaves_masks()
    {
        var white = new ImageSet(
            "w", "", Shape, [.. Enumerable.Repeat((byte)255, 200 * Shape.ByteCount)], new int[200], ["a"],
            [.. Enumerable.Repeat((byte)9, 200 * Shape.PixelCount)]);
        var augmentation = new Augmentation(new AugmentationOptions { CutoutSize = 3 }, Raw, seed: 4);
        int[] all = [.. Enumerable.Range(0, 200)];
        float[] batch = Fill(augmentation, white, all, 1);
        var areas = new HashSet<int>();
        foreach (int i in all)
        {
            AugmentationDraw draw = augmentation.Draw(Shape, 1, i);
            int cleared = 0;
            for (int p = 0; p < Shape.PixelCount; p++)
            {
                bool inside = Math.Abs(p / Size - draw.CutoutRow) <= 1 && Math.Abs(p % Size - draw.CutoutColumn) <= 1;
                Assert.Equal(inside ? 0f : 1f, batch[i * Shape.ByteCount + p]);
                Assert.Equal(inside ? 0f : 1f, batch[i * Shape.ByteCount + Shape.PixelCount + p]);
                cleared += inside ? 1 : 0;
            }

            areas.Add(cleared);
        }

        Assert.Equal([4, 6, 9], areas.Order());
        byte[] masks = new byte[200 * Shape.PixelCount];
        augmentation.FillMasks(white, all, 1, masks);
        Assert.All(masks, value => Assert.Equal(9, value));
    }

    [Fact]
    public void What_a_sample_gets_does_not_depend_on_its_batch_order_or_thread()
    {
        ImageSet set = RandomSet(40);
        Augmentation augmentation = Full(seed: 11);
        int[] all = [.. Enumerable.Range(0, 40)];
        float[] together = Fill(augmentation, set, all, epoch: 3);
        int[] backwards = [.. all.Reverse()];
        float[] reversed = Fill(augmentation, set, backwards, epoch: 3);
        float[][] alone = new float[40][];
        Parallel.For(0, 40, i => alone[i] = Fill(augmentation, set, [i], epoch: 3));
        for (int i = 0; i < 40; i++)
        {
            Assert.Equal(alone[i], together.AsSpan(i * Shape.ByteCount, Shape.ByteCount).ToArray());
            Assert.Equal(alone[i], reversed.AsSpan((39 - i) * Shape.ByteCount, Shape.ByteCount).ToArray());
        }
    }

    [Fact]
    public void The_same_key_gives_the_same_bits_and_another_epoch_or_seed_others()
    {
        ImageSet set = RandomSet(16);
        int[] all = [.. Enumerable.Range(0, 16)];
        float[] first = Fill(Full(seed: 1), set, all, epoch: 0);
        Assert.Equal(first, Fill(Full(seed: 1), set, all, epoch: 0));
        Assert.NotEqual(first, Fill(Full(seed: 1), set, all, epoch: 1));
        Assert.NotEqual(first, Fill(Full(seed: 2), set, all, epoch: 0));
    }

    [Fact]
    public void Turning_one_option_on_leaves_the_draws_of_the_others()
    {
        var crop = new Augmentation(new AugmentationOptions { CropPadding = 2 }, Raw, seed: 5);
        var both = new Augmentation(
            new AugmentationOptions { CropPadding = 2, FlipProbability = 0.5, CutoutSize = 4 }, Raw, seed: 5);
        for (int i = 0; i < 100; i++)
            Assert.Equal(crop.Draw(Shape, 0, i), both.Draw(Shape, 0, i) with { Flip = false });
    }

    [Fact]
    public void Draws_of_a_fixed_key_are_those_of_an_independent_implementation()
    {
        Augmentation augmentation = Full(seed: 123);
        Assert.Equal(
            new AugmentationDraw(Top: 1, Left: 0, Flip: true, CutoutRow: 1, CutoutColumn: 7),
            augmentation.Draw(Shape, 4, 56));
    }

    [Fact]
    public void Refuses_what_does_not_fit()
    {
        ImageSet set = RandomSet(2);
        Augmentation augmentation = Augmentation.NormalizeOnly(Raw);
        Assert.Contains("expected a destination of 128 elements but got 127", Assert.Throws<ArgumentException>(
            () => augmentation.Fill(set, [0], 0, new float[127])).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => augmentation.Fill(set, [2], 0, new float[128]));
        Assert.Throws<ArgumentOutOfRangeException>(() => augmentation.Fill(set, [0], -1, new float[128]));
        Assert.Contains("expected images of 3 channels", Assert.Throws<ArgumentException>(() =>
            Augmentation.NormalizeOnly(ChannelStatistics.Identity(3)).Fill(set, [0], 0, new float[128])).Message);
        var reflect = new AugmentationOptions { CropPadding = Size, PaddingMode = PaddingMode.Reflect };
        Assert.Contains("expected a padding below 8", Assert.Throws<ArgumentException>(
            () => new Augmentation(reflect, Raw, 0).Fill(set, [0], 0, new float[128])).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => new AugmentationOptions { CropPadding = -1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new AugmentationOptions { CutoutSize = -1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new AugmentationOptions { FlipProbability = double.NaN });
        Assert.Throws<ArgumentOutOfRangeException>(() => new AugmentationOptions { PaddingMode = (PaddingMode)2 });
        Assert.Throws<ArgumentException>(() => new ChannelStatistics([0.5], [0.0]));
        Assert.Throws<ArgumentException>(() => new ChannelStatistics([double.NaN], [1.0]));
    }

    private static Augmentation Full(ulong seed) =>
        new(new AugmentationOptions { CropPadding = 2, FlipProbability = 0.5, CutoutSize = 3 }, Raw, seed);

    private static int Mirror(int i) => i < 0 ? -i : i >= Size ? 2 * (Size - 1) - i : i;

    private static float[] Fill(Augmentation augmentation, ImageSet set, int[] indices, int epoch)
    {
        float[] batch = new float[indices.Length * set.Shape.ByteCount];
        augmentation.Fill(set, indices, epoch, batch);
        return batch;
    }

    private static ImageSet RandomSet(int count)
    {
        var random = new KdKernels.Core.PhiloxSequence(seed: 77, purpose: 1);
        byte[] pixels = new byte[count * Shape.ByteCount];
        for (int i = 0; i < pixels.Length; i++)
            pixels[i] = (byte)random.NextInt32(256);
        byte[] masks = [.. Enumerable.Range(0, count * Shape.PixelCount).Select(i => (byte)(1 + i % 250))];
        return new ImageSet("random", "", Shape, pixels, new int[count], ["a"], masks);
    }
}
