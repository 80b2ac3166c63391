using TorchSharp.Utils;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>
        /// TorchSharp's file format: the number of entries in LEB128, then per entry its key as a <see cref="BinaryWriter"/> string and
        /// the tensor as <c>Tensor.Save</c> writes it (dtype, rank and sizes in LEB128, then the raw elements in row-major order).
        /// </summary>
        public partial class Module
        {
            /// <summary>Writes parameters and buffers to a file.</summary>
            /// <param name="location">The file's path.</param>
            /// <param name="skip">Keys to leave out.</param>
            public Module save(string location, IList<string>? skip = null)
            {
                using FileStream stream = File.Create(location);
                return save(stream, skip);
            }

            /// <summary>Writes parameters and buffers to a stream, and closes it.</summary>
            public Module save(Stream stream, IList<string>? skip = null)
            {
                using var writer = new BinaryWriter(stream);
                return save(writer, skip);
            }

            /// <summary>Writes parameters and buffers.</summary>
            public Module save(BinaryWriter writer, IList<string>? skip = null)
            {
                save_state_dict(writer, state_dict(), skip);
                return this;
            }

            /// <summary>Writes a dictionary of tensors.</summary>
            public static void save_state_dict(BinaryWriter writer, Dictionary<string, Tensor> sd, IList<string>? skip = null)
            {
                var entries = sd.Where(entry => skip is null || !skip.Contains(entry.Key)).ToList();
                Leb128.Write(writer, entries.Count);
                foreach (var (key, value) in entries)
                {
                    writer.Write(key);
                    value.Save(writer);
                }
            }

            /// <summary>Reads parameters and buffers from a file.</summary>
            /// <param name="location">The file's path.</param>
            /// <param name="strict">Whether the file must hold exactly the module's entries; false reads those that fit the names.</param>
            /// <param name="skip">Keys whose values are not taken over; strict mode still wants them in the file.</param>
            /// <param name="loadedParameters">Receives every key of the file and whether the module has it.</param>
            /// <exception cref="FileNotFoundException">There is no such file.</exception>
            /// <exception cref="ArgumentException">Strict, and the keys differ; or a tensor's dtype or shape differs.</exception>
            public virtual Module load(
                string location, bool strict = true, IList<string>? skip = null, Dictionary<string, bool>? loadedParameters = null)
            {
                if (!File.Exists(location)) throw new FileNotFoundException($"There is no file '{location}' to load.", location);
                using FileStream stream = File.OpenRead(location);
                return load(stream, strict, skip, loadedParameters);
            }

            /// <summary>Reads parameters and buffers from a stream, and closes it.</summary>
            public Module load(
                Stream stream, bool strict = true, IList<string>? skip = null, Dictionary<string, bool>? loadedParameters = null)
            {
                using var reader = new BinaryReader(stream);
                return load(reader, strict, skip, loadedParameters);
            }

            /// <summary>Reads parameters and buffers.</summary>
            public virtual Module load(
                BinaryReader reader, bool strict = true, IList<string>? skip = null, Dictionary<string, bool>? loadedParameters = null)
            {
                Dictionary<string, Tensor> own = state_dict();
                long count = Leb128.Read(reader);
                if (strict && count != own.Count) ThrowMismatch(reader, own, count);
                for (long i = 0; i < count; i++)
                {
                    string key = reader.ReadString();
                    bool found = own.TryGetValue(key, out Tensor? target);
                    if (!found && strict)
                    {
                        throw new ArgumentException(
                            $"Mismatched module state names: the target modules does not have a submodule or buffer named '{key}'");
                    }
                    if (found && (skip is null || !skip.Contains(key)))
                        LoadEntry(key, target!, reader);
                    else
                        TensorExtensionMethods.Load(reader, skip: true)?.Dispose();
                    loadedParameters?.Add(key, found);
                }
                return this;
            }

            /// <summary>Creates a module and reads its values from a file.</summary>
            public static Module Create<T>(string path)
                where T : Module, new() => new T().load(path);

            private static void LoadEntry(string key, Tensor target, BinaryReader reader)
            {
                try
                {
                    target.Load(reader);
                }
                catch (ArgumentException e)
                {
                    throw new ArgumentException($"'{key}': {e.Message}", e);
                }
            }

            /// <summary>Reads on to the end, only to say which entries the two sides do not share.</summary>
            private static void ThrowMismatch(BinaryReader reader, Dictionary<string, Tensor> own, long count)
            {
                var keys = new HashSet<string>(StringComparer.Ordinal);
                for (long i = 0; i < count; i++)
                {
                    keys.Add(reader.ReadString());
                    TensorExtensionMethods.Load(reader, skip: true)?.Dispose();
                }
                List<string> missing = own.Keys.Where(key => !keys.Contains(key)).ToList();
                List<string> unexpected = keys.Where(key => !own.ContainsKey(key)).ToList();
                throw new ArgumentException(
                    $"Mismatched state_dict sizes: expected {own.Count}, but found {count} entries.{Difference(missing, unexpected)}");
            }
        }
    }
}
