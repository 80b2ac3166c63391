using KdKernels.Core;
using KdKernels.Distillation.Data;
using KdKernels.Distillation.Models.Segmentation;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Models.Segmentation;

public class PseudoMasksTests
{
    /// <summary>Two images of two classes and 1x4 pixels.</summary>
    private static Tensor Maps() => tensor(
        [-1f, 0, 2, 4, 9, 9, 9, 9, 9, 9, 9, 9, 5, 4, 1, 0], [2, 2, 1, 4]);

    private static Tensor Labels() => tensor([0L, 1L]);

    [Fact]
    public void Saliency_is_the_labels_map_without_its_negatives_over_its_maximum()
    {
        using var scope = NewDisposeScope();

        Tensor saliency = PseudoMasks.Saliency(Maps(), Labels());

        Assert.Equal([2L, 1L, 4L], saliency.shape);
        float[] expected = [0, 0, 0.5f, 1, 1, 0.8f, 0.2f, 0];
        Assert.Equal(expected, saliency.data<float>().ToArray());
        Assert.Equal(0, PseudoMasks.Saliency(-Maps() - 1, Labels()).abs().sum().item<float>());
    }

    [Fact]
    public void Logits_are_a_sigmoid_of_the_evidence_between_background_and_the_label()
    {
        using var scope = NewDisposeScope();

        PseudoMask mask = PseudoMasks.FromActivation(
            Maps(), Labels(), backgroundThreshold: 0.4, margin: 0.25, sharpness: 8);

        Tensor probabilities = mask.Logits.softmax(1);
        Assert.Equal([2L, 3L, 1L, 4L], mask.Logits.shape);
        for (int i = 0; i < 2; i++)
        {
            float[] saliency = i == 0 ? [0, 0, 0.5f, 1] : [1, 0.8f, 0.2f, 0];
            for (int p = 0; p < 4; p++)
            {
                double foreground = 1 / (1 + Math.Exp(-8 * (saliency[p] - 0.4)));
                Assert.Equal(1 - foreground, probabilities[i, 0, 0, p].item<float>(), 1e-6);
                Assert.Equal(foreground, probabilities[i, i + 1, 0, p].item<float>(), 1e-6);
                Assert.InRange(probabilities[i, 2 - i, 0, p].item<float>(), 0, 1e-17f);
            }
        }

        Assert.Equal([2L, 1L, 4L], mask.Labels.shape);
        long[] expected = [0, 0, -100, 1, 2, 2, -100, 0];
        Assert.Equal(expected, mask.Labels.data<long>().ToArray());
    }

    /// <summary>What the masks are made for; also at a temperature, where absent classes must stay absent.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void A_pixelwise_soft_cross_entropy_takes_them_and_leaves_out_what_is_not_sure(double temperature)
    {
        using var scope = NewDisposeScope();
        PseudoMask mask = PseudoMasks.FromActivation(Maps(), Labels(), 0.4, 0.25);
        Tensor student = arange(24, dtype: ScalarType.Float32).view(2, 3, 1, 4).sin().requires_grad_(true);

        Tensor loss = KdFunctional.SoftCrossEntropy(
            student, mask.Logits, temperature, KdReduction.BatchMean, labels: mask.Labels, dim: 1);
        loss.backward();

        Tensor rows = -(mask.Logits / temperature).softmax(1) * (student / temperature).log_softmax(1);
        Tensor kept = rows.sum(1).masked_select(mask.Labels.ne(PseudoMasks.Ignore));
        Assert.Equal(6, kept.numel());
        Assert.Equal(temperature * temperature * kept.mean().item<float>(), loss.item<float>(), 1e-5);
        Assert.Equal(0, student.grad![0, .., 0, 2].abs().sum().item<float>());
        Assert.True(student.grad.isfinite().all().item<bool>());
    }

    [Fact]
    public void Maps_can_be_brought_to_the_size_of_the_image_first()
    {
        using var scope = NewDisposeScope();

        PseudoMask mask = PseudoMasks.FromActivation(Maps(), Labels(), size: (2, 8));

        Assert.Equal([2L, 3L, 2L, 8L], mask.Logits.shape);
        Assert.Equal([2L, 2L, 8L], mask.Labels.shape);
        // Background is everywhere the threshold's own logit, and the likelier class has the larger one.
        Assert.Equal(0, mask.Logits.narrow(1, 0, 1).abs().sum().item<float>());
        Tensor sure = mask.Labels.ne(PseudoMasks.Ignore);
        Assert.True(mask.Logits.argmax(1).eq(mask.Labels).masked_select(sure).all().item<bool>());
    }

    [Fact]
    public void No_gradient_flows_into_the_teacher_and_no_tensor_is_left_behind()
    {
        long before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        using (NewDisposeScope())
        {
            Tensor maps = Maps().requires_grad_(true);
            Tensor labels = Labels();
            long inside = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
            PseudoMask mask = PseudoMasks.FromActivation(maps, labels, size: (2, 8));
            Assert.False(mask.Logits.requires_grad);
            Assert.Equal(inside + 2, DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
        }

        Assert.Equal(before, DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void Rejects_what_has_no_meaning()
    {
        using var scope = NewDisposeScope();
        Assert.Throws<ArgumentOutOfRangeException>(() => PseudoMasks.FromActivation(Maps(), Labels(), double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => PseudoMasks.FromActivation(Maps(), Labels(), margin: -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => PseudoMasks.FromActivation(Maps(), Labels(), sharpness: 0));
        Assert.Throws<ArgumentException>(() => PseudoMasks.Saliency(Maps().squeeze(2), Labels()));
        Assert.Throws<ArgumentException>(() => PseudoMasks.Saliency(Maps(), tensor([0L])));
        Assert.Throws<ArgumentException>(() => PseudoMasks.Saliency(Maps(), tensor([0, 1])));
    }

    [Fact]
    public void The_exact_classes_are_the_masks_and_the_labels()
    {
        ImageSet images = Shapes.Generate(4, 0, seed: 5).Train;

        int[] classes = ClassMap.Of(images, 3);

        Assert.Equal(images.Mask(3).ToArray().Select(value => value == 255 ? 4 : 0), classes);
    }
}
