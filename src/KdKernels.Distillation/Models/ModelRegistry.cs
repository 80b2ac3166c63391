using KdKernels.Distillation.Models.Clouds;
using KdKernels.Distillation.Models.Detection;
using KdKernels.Distillation.Models.Segmentation;
using KdKernels.Distillation.Models.Sequences;
using KdKernels.Distillation.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Models;

/// <summary>A network that recipes can name.</summary>
/// <param name="Name">As written in a recipe.</param>
/// <param name="Description">One line.</param>
/// <param name="Kind">The kind of task that it is for, as in <see cref="Tasks.TaskCatalog"/>.</param>
public sealed record ModelInfo(string Name, string Description, string Kind);

/// <summary>The networks by name. A recipe can reach these and nothing else.</summary>
public static class ModelRegistry
{
    private delegate nn.Module<Tensor, Tensor> Factory(int classes, int channels, int imageSize);

    private static readonly (ModelInfo Info, Factory Create)[] Entries =
    [
        Entry(
            "mlp-small", "two hidden layers of 32", (classes, channels, size) => new Mlp(classes, channels, size, 32)),
        Entry(
            "mlp",
            "two hidden layers of 800: the student of Hinton et al. 2015",
            (classes, channels, size) => new Mlp(classes, channels, size, 800)),
        Entry("mlp-large", "two hidden layers of 1200: the teacher of Hinton et al. 2015, without its dropout",
            (classes, channels, size) => new Mlp(classes, channels, size, 1200)),
        Entry(
            "convnet-small",
            "two stages of one 3x3 convolution, 16 and 32 channels",
            (classes, channels, size) => new ConvNet(classes, channels, size, 1, [16, 32])),
        Entry("convnet-medium", "three stages of one 3x3 convolution, 16, 32 and 64 channels",
            (classes, channels, size) => new ConvNet(classes, channels, size, 1, [16, 32, 64])),
        Entry("convnet-large", "three stages of two 3x3 convolutions, 16, 32 and 64 channels",
            (classes, channels, size) => new ConvNet(classes, channels, size, 2, [16, 32, 64])),
        Entry(
            "vgg-small",
            "three stages of one 3x3 convolution, 16, 32 and 64 channels, and two hidden layers of 64",
            (classes, channels, size) => Vgg.Small(classes, channels, size)),
        Entry(
            "vgg-large",
            "three stages of two 3x3 convolutions, 32, 64 and 128 channels, and two hidden layers of 256",
            (classes, channels, size) => Vgg.Large(classes, channels, size)),
        ResNetEntry(8),
        ResNetEntry(14),
        ResNetEntry(20),
        ResNetEntry(56),
        WideResNetEntry(16, 1),
        WideResNetEntry(16, 2),
        WideResNetEntry(40, 2),
        Entry(
            "lstm-small",
            "word vectors and one LSTM layer of 12, mean over the words",
            (classes, vocabulary, _) => EmbeddingLstm.Small(classes, vocabulary),
            SequenceTask.Sequences),
        Entry(
            "lstm-large",
            "word vectors and one LSTM layer of 64, mean over the words",
            (classes, vocabulary, _) => EmbeddingLstm.Large(classes, vocabulary),
            SequenceTask.Sequences),
        Entry(
            "reader-small",
            "question attention and a bidirectional LSTM of 8",
            (_, vocabulary, _) => SpanReader.Small(vocabulary),
            SequenceTask.Spans),
        Entry(
            "reader-large",
            "question attention and a bidirectional LSTM of 32",
            (_, vocabulary, _) => SpanReader.Large(vocabulary),
            SequenceTask.Spans),
        Entry(
            "detector-small",
            "one-stage detector, three stages of one 3x3 convolution, 8, 16 and 32 channels",
            (classes, channels, size) => GridDetector.Small(classes, channels, size),
            SceneDetection.KindName),
        Entry(
            "detector-large",
            "one-stage detector, three stages of two 3x3 convolutions, 16, 32 and 64 channels",
            (classes, channels, size) => GridDetector.Large(classes, channels, size),
            SceneDetection.KindName),
        Entry(
            "segmenter-small",
            "class activation maps and masks, three stages of two 3x3 convolutions, 16, 24 and 32 channels",
            (classes, channels, _) => CamSegmenter.Small(classes, channels),
            ShapesSegmentation.KindName),
        Entry(
            "segmenter-large",
            "class activation maps and masks, three stages of two 3x3 convolutions, 32, 48 and 64 channels",
            (classes, channels, _) => CamSegmenter.Large(classes, channels),
            ShapesSegmentation.KindName),
        Entry(
            "pointnet-small",
            "layers of 8, 16 and 32 for each point, their maximum, three linear layers",
            (classes, channels, _) => PointNet.Small(classes, channels),
            CloudTask.KindName),
        Entry(
            "pointnet-large",
            "layers of 48, 64 and 192 for each point, their maximum, three linear layers",
            (classes, channels, _) => PointNet.Large(classes, channels),
            CloudTask.KindName),
    ];

    /// <summary>Every network, smallest family first.</summary>
    public static IReadOnlyList<ModelInfo> Models { get; } = [.. Entries.Select(entry => entry.Info)];

    /// <summary>A network with fresh weights, drawn from torch's global generator: seed it first.</summary>
    /// <param name="name">One of <see cref="Models"/>.</param>
    /// <param name="classes">Number of logits.</param>
    /// <param name="channels">Channels of the input <c>[B, channels, imageSize, imageSize]</c>.</param>
    /// <param name="imageSize">Height and width of the input.</param>
    /// <exception cref="ArgumentException">The name is not registered, or the image is too small for the network's
    /// stages.</exception>
    public static nn.Module<Tensor, Tensor> Create(string name, int classes, int channels, int imageSize) =>
        Create(ImageClassification.KindName, name, classes, channels, imageSize);

    /// <summary>The same for any kind of task; for tokens the vocabulary stands for the channels and the length for the
    /// size, for clouds the coordinates for the channels and the points for the size.</summary>
    internal static nn.Module<Tensor, Tensor> Create(string kind, string name, int classes, int channels, int imageSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        // Three stages halve the image at most three times.
        ArgumentOutOfRangeException.ThrowIfLessThan(imageSize, 8);
        foreach ((ModelInfo info, Factory create) in Entries)
        {
            if (string.Equals(info.Name, name, StringComparison.Ordinal) && string.Equals(info.Kind, kind, StringComparison.Ordinal))
            {
                return create(classes, channels, imageSize);
            }
        }

        throw new ArgumentException(
            $"expected a model for {kind}, one of "
            + $"{string.Join(", ", Models.Where(model => model.Kind == kind).Select(model => model.Name))}, but got '{name}'",
            nameof(name));
    }

    /// <summary>Number of trained numbers; running statistics do not count.</summary>
    public static long CountParameters(nn.Module module) => module.parameters().Sum(parameter => parameter.numel());

    private static (ModelInfo Info, Factory Create) Entry(
        string name, string description, Factory create, string kind = ImageClassification.KindName) =>
        (new ModelInfo(name, description, kind), create);

    private static (ModelInfo Info, Factory Create) ResNetEntry(int depth) => Entry(
        $"resnet{depth}",
        $"CIFAR ResNet of depth {depth} (He et al. 2015), projection shortcuts as in RepDistiller",
        (classes, channels, _) => new ResNet(depth, classes, channels));

    private static (ModelInfo Info, Factory Create) WideResNetEntry(int depth, int width) => Entry(
        $"wrn-{depth}-{width}",
        $"Wide ResNet of depth {depth} and width {width} (Zagoruyko and Komodakis 2016)",
        (classes, channels, _) => new WideResNet(depth, width, classes, channels));
}
