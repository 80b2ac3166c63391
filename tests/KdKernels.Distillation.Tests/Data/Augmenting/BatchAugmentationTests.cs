using KdKernels.Distillation.Data;
using KdKernels.Distillation.Data.Augmenting;
using KdKernels.Distillation.Data.Augmenting.Operations;
using KdKernels.Distillation.Data.Mixing;
using KdKernels.Distillation.Tests.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Data.Augmenting;

/// <summary>What each augmentation does to a normalised batch.</summary>
[Collection(TorchTests.Name)]
public sealed class BatchAugmentationTests
{
    private const int Rows = 40;
    private const int Side = 16;

    private static readonly ChannelStatistics Statistics = new([0.4, 0.5, 0.45], [0.2, 0.25, 0.3]);

    public static TheoryData<string> Names => [.. BatchAugmentations.Names.Where(name => !BatchAugmentations.Picks(name))];

    [Fact]
    public void There_are_the_nine_of_the_paper_and_random_erasing() => Assert.Equal(
        [
            "identity", "flip", "crop-flip", "cutout", "autoaugment", "mixup", "cutmix", "cutmix-pick-student",
            "cutmix-pick-teacher", "random-erasing",
        ],
        BatchAugmentations.Names);

    [Theory]
    [MemberData(nameof(Names))]
    public void Depends_on_the_key_alone_and_leaves_its_input_as_it_is(string name)
    {
        using var scope = NewDisposeScope();
        foreach (ScalarType type in (ScalarType[])[ScalarType.Float32, ScalarType.Float64])
        {
            Tensor images = Batch().to(type);
            Tensor before = images.clone();
            IBatchAugmentation augmentation = BatchAugmentations.Create(name, Statistics);
            Tensor first = augmentation.Augment(images, new MixingKey(1, 2));
            Assert.Equal(images.shape, first.shape);
            Assert.Equal(type, first.dtype);
            Assert.True(Same(first, augmentation.Augment(images, new MixingKey(1, 2))));
            Assert.True(Same(images, before));
            foreach (MixingKey other in (MixingKey[])[new(1, 3), new(2, 2), new(1, 2, 1)])
            {
                Assert.Equal(name != "identity", !Same(first, augmentation.Augment(images, other)));
            }

            Assert.Equal(name == "identity", Same(first, images));
        }
    }

    [Fact]
    public void Crop_and_flip_move_pixels_and_fill_with_black()
    {
        using var scope = NewDisposeScope();
        Tensor images = Batch().to(ScalarType.Float64);
        double[] source = images.data<double>().ToArray();
        foreach (bool crop in (bool[])[false, true])
        {
            var augmentation = new CropFlipAugmentation(Statistics, crop);
            double[] changed = augmentation.Augment(images, new MixingKey(7, 1)).data<double>().ToArray();
            HashSet<(int, int, bool)> seen = [];
            for (int i = 0; i < changed.Length; i++)
            {
                (int row, int channel) = (i / (3 * Side * Side), i / (Side * Side) % 3);
                (int y, int x) = (i / Side % Side, i % Side);
                (int top, int left, bool flip) = augmentation.Draw(new MixingKey(7, 1), row, Side, Side);
                seen.Add((top, left, flip));
                (int fromY, int fromX) = (y + top, (flip ? Side - 1 - x : x) + left);
                bool inside = fromY is >= 0 and < Side && fromX is >= 0 and < Side;
                double expected = inside
                    ? source[((row * 3 + channel) * Side + fromY) * Side + fromX]
                    : -Statistics.Mean[channel] / Statistics.StandardDeviation[channel];
                Assert.Equal(expected, changed[i], 1e-12);
            }

            Assert.Equal(crop, seen.Count > 2);
            Assert.All(seen, draw => Assert.InRange(Math.Max(Math.Abs(draw.Item1), Math.Abs(draw.Item2)), 0, 2));
            Assert.Contains(seen, draw => draw.Item3);
            Assert.Contains(seen, draw => !draw.Item3);
        }
    }

    [Fact]
    public void Cutout_and_random_erasing_set_one_box_to_the_mean()
    {
        using var scope = NewDisposeScope();
        var key = new MixingKey(3, 5);
        Tensor images = Batch() + 100;
        (string Name, Func<int, CutMixBox?> Box)[] cases =
        [
            ("cutout", row => CutoutAugmentation.Draw(key, row, Side, Side)),
            ("random-erasing", row => RandomErasingAugmentation.Draw(key, row, Side, Side)),
        ];
        foreach ((string name, Func<int, CutMixBox?> box) in cases)
        {
            float[] source = images.data<float>().ToArray();
            float[] changed = BatchAugmentations.Create(name, Statistics).Augment(images, key).data<float>().ToArray();
            for (int i = 0; i < changed.Length; i++)
            {
                CutMixBox? erased = box(i / (3 * Side * Side));
                (int y, int x) = (i / Side % Side, i % Side);
                bool inside = erased is { } found && y >= found.Top && y < found.Bottom && x >= found.Left && x < found.Right;
                Assert.Equal(inside ? 0 : source[i], changed[i]);
            }
        }
    }

    [Fact]
    public void Random_erasing_keeps_to_its_areas_and_proportions()
    {
        CutMixBox?[] boxes =
            [.. Enumerable.Range(0, 4000).Select(row => RandomErasingAugmentation.Draw(new MixingKey(1, 1), row, 200, 200))];
        CutMixBox[] drawn = [.. boxes.OfType<CutMixBox>()];
        Assert.InRange(drawn.Length / (double)boxes.Length, 0.47, 0.53);
        double[] areas = [.. drawn.Select(box => box.Area / 40000.0)];
        double[] aspects = [.. drawn.Select(box => (double)(box.Bottom - box.Top) / (box.Right - box.Left))];
        Assert.InRange(areas.Min(), 0.019, 0.03);
        Assert.InRange(areas.Max(), 0.31, 0.335);
        Assert.InRange(areas.Average(), 0.165, 0.185);
        Assert.InRange(aspects.Min(), 0.29, 0.33);
        Assert.InRange(aspects.Max(), 3.0, 3.4);
        Assert.InRange(aspects.Count(aspect => aspect < 1) / (double)aspects.Length, 0.47, 0.53);
        Assert.All(drawn, box => Assert.True(box is { Top: >= 0, Left: >= 0, Bottom: <= 200, Right: <= 200 }));
    }

    [Fact]
    public void AutoAugment_applies_the_drawn_operations_to_the_bytes()
    {
        using var scope = NewDisposeScope();
        byte[] bytes = Bytes();
        var key = new MixingKey(9, 4);
        var shape = new ImageShape(3, Side, Side);
        float[] changed = new AutoAugment(Statistics).Augment(Batch(), key).data<float>().ToArray();
        float[][] table = PixelTable.Of(Statistics);
        int applied = 0;
        for (int row = 0; row < Rows; row++)
        {
            byte[] image = bytes[(row * shape.ByteCount)..((row + 1) * shape.ByteCount)];
            foreach ((ImageOperation operation, double value) in AutoAugment.Draw(key, row, shape))
            {
                byte[] next = new byte[image.Length];
                ImageOperations.Apply(operation, value, shape, image, next);
                image = next;
                applied++;
            }

            for (int i = 0; i < image.Length; i++)
            {
                Assert.Equal(table[i / (Side * Side)][image[i]], changed[row * image.Length + i]);
            }
        }

        Assert.InRange(applied, Rows / 2, 2 * Rows);
    }

    [Fact]
    public void AutoAugment_draws_each_sub_policy_with_its_probabilities_and_both_signs()
    {
        var shape = new ImageShape(3, 32, 32);
        const int draws = 50_000;
        var counts = new Dictionary<ImageOperation, int>();
        List<double> angles = [];
        for (int row = 0; row < draws; row++)
        {
            foreach ((ImageOperation operation, double value) in AutoAugment.Draw(new MixingKey(2, 0), row, shape))
            {
                counts[operation] = counts.GetValueOrDefault(operation) + 1;
                if (operation == ImageOperation.Rotate)
                {
                    angles.Add(value);
                }
            }
        }

        foreach (ImageOperation operation in Enum.GetValues<ImageOperation>())
        {
            double expected = AutoAugmentPolicy.Cifar10
                .SelectMany(policy => (PolicyStep[])[policy.First, policy.Second])
                .Where(step => step.Operation == operation)
                .Sum(step => step.Probability) * draws / 25;
            Assert.InRange(counts.GetValueOrDefault(operation), expected * 0.93 - 1, expected * 1.07 + 1);
        }

        Assert.Equal([-6.666667, 6.666667], angles.Select(angle => Math.Round(angle, 6)).Distinct().Order());
        Assert.InRange(angles.Average(), -0.7, 0.7);
    }

    [Fact]
    public void The_policy_is_the_published_one()
    {
        Assert.Equal(25, AutoAugmentPolicy.Cifar10.Count);
        PolicyStep[] steps = [.. AutoAugmentPolicy.Cifar10.SelectMany(policy => (PolicyStep[])[policy.First, policy.Second])];

        // Sums over the published table, an independent way to see a slip of the pen in it.
        Assert.Equal(26.5, steps.Sum(step => step.Probability), 9);
        Assert.Equal(
            [9, 7, 5, 5, 5], steps.GroupBy(step => step.Operation).Select(group => group.Count()).OrderDescending().Take(5));
        var shape = new ImageShape(3, 32, 32);
        Assert.Equal(
            [8, 8, 7, 7, 6, 6, 5, 5, 4, 4],
            Enumerable.Range(0, 10).Select(level => AutoAugmentPolicy.Value(ImageOperation.Posterize, level, shape, false)));
        Assert.Equal(-0.3, AutoAugmentPolicy.Value(ImageOperation.ShearX, 9, shape, negative: true), 12);
        Assert.Equal(150.0 / 331 * 32, AutoAugmentPolicy.Value(ImageOperation.TranslateY, 9, shape, negative: false), 12);
        Assert.Equal(0.1, AutoAugmentPolicy.Value(ImageOperation.Color, 9, shape, negative: true), 12);
        Assert.Equal(0, AutoAugmentPolicy.Value(ImageOperation.Solarize, 9, shape, negative: false), 12);
    }

    [Fact]
    public void Refuses_unknown_names_pickers_and_other_channels()
    {
        using var scope = NewDisposeScope();
        Assert.Contains(
            "but got 'blur'",
            Assert.Throws<ArgumentException>(() => BatchAugmentations.Create("blur", Statistics)).Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => BatchAugmentations.Create("cutmix-pick-teacher", Statistics));
        Assert.Contains(
            "but got 2",
            Assert.Throws<ArgumentException>(() => new AutoAugment(new ChannelStatistics([0, 0], [1, 1]))).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "expected images of 3 channels, as the statistics have, but got 1",
            Assert.Throws<ArgumentException>(
                () => new AutoAugment(Statistics).Augment(zeros([2, 1, 8, 8]), new MixingKey(1, 1))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void AutoAugment_takes_grey_images()
    {
        using var scope = NewDisposeScope();
        var grey = new ChannelStatistics([0.1], [0.3]);
        Tensor images = (Batch().narrow(1, 0, 1) * 0.2 + 0.3).contiguous();
        Tensor changed = new AutoAugment(grey).Augment(images, new MixingKey(1, 1));
        Assert.Equal(images.shape, changed.shape);
        Assert.True(changed.isfinite().all().item<bool>());
    }

    private static bool Same(Tensor left, Tensor right) => left.eq(right).all().item<bool>();

    private static byte[] Bytes() =>
        [.. Enumerable.Range(0, Rows * 3 * Side * Side).Select(i => (byte)((i * 37 + i / 97 * 11) % 256))];

    private static Tensor Batch()
    {
        float[][] table = PixelTable.Of(Statistics);
        float[] pixels = [.. Bytes().Select((value, i) => table[i / (Side * Side) % 3][value])];
        return tensor(pixels, [Rows, 3, Side, Side]);
    }
}
